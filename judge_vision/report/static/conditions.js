// A filter for any column, added by the reader: a range, a choice, or words.

const conditions = (() => {
  const { element } = base;
  const CHOICES = 24;
  const place = element("div", { id: "conditions" });
  const selector = element("select", { id: "add-condition", onchange: add });

  function values(column) {
    const tally = new Map();
    for (const row of model.everyone) {
      const value = model.value(row, column.name);
      const text = value === null || value.length === 0 ? "" : base.words(value, column);
      tally.set(text, (tally.get(text) ?? 0) + 1);
    }
    return tally;
  }

  function range(column) {
    const inputs = ["from", "to"].map((word) => element("input", {
      type: "number", step: "any", "aria-label": `${column.title}, ${word}`, placeholder: word, oninput: tell,
    }));
    const found = model.sorted(column.name);
    const bound = (input, other) => (input.value === "" ? other : Number(input.value));
    function tell() {
      const low = bound(inputs[0], -Infinity), high = bound(inputs[1], Infinity);
      const any = inputs.every((input) => input.value === "");
      model.condition(column.name, any ? null : (value) => value !== null && value >= low && value <= high);
    }
    const ends = found.length ? `${base.words(found[0], column)} to ${base.words(found[found.length - 1], column)}` : "no value";
    return [...inputs, element("span", { class: "soft" }, ends)];
  }

  function choice(column, tally) {
    const options = [...tally].sort(([a], [b]) => String(a).localeCompare(String(b), "en", { numeric: true }));
    const select = element("select", {
      "aria-label": column.title,
      onchange: () => model.condition(column.name, select.value === "all" ? null : (value) => {
        const text = value === null || value.length === 0 ? "" : base.words(value, column);
        return text === options[Number(select.value)][0];
      }),
    }, element("option", { value: "all" }, "all"),
    options.map(([text, rows], number) => element("option", { value: number }, `${text || "no value"} (${rows})`)));
    return [select];
  }

  function text(column) {
    const input = element("input", {
      type: "text", "aria-label": `${column.title} contains`, placeholder: "contains", autocomplete: "off",
      oninput: () => {
        const wanted = input.value.toLowerCase();
        model.condition(column.name, wanted ? (value) => value !== null && String(value).toLowerCase().includes(wanted) : null);
      },
    });
    return [input];
  }

  function add() {
    const column = model.column(selector.value);
    selector.value = "";
    if (!column) return;
    selector.querySelector(`[value="${column.name}"]`).disabled = true;
    const tally = model.isNumber(column) ? null : values(column);
    const controls = tally === null ? range(column) : tally.size <= CHOICES ? choice(column, tally) : text(column);
    const box = element("fieldset", { class: "condition", "data-column": column.name },
      element("legend", {}, column.title), controls,
      element("button", { type: "button", class: "quiet", "aria-label": `Remove the filter ${column.title}`, onclick: () => remove(box) }, "×"));
    place.append(box);
    controls[0].focus();
  }

  function remove(box) {
    const { column } = box.dataset;
    box.remove();
    [...selector.options].find((option) => option.value === column).disabled = false;
    model.condition(column, null);
    selector.focus();
  }

  // Every column's filter taken away.
  function clear() {
    place.replaceChildren();
    for (const option of selector.options) option.disabled = false;
    model.state.conditions.clear();
  }

  selector.append(element("option", { value: "" }, "column…"),
    ...model.columns.map((column) => element("option", { value: column.name }, column.title)));
  return { place, selector, clear };
})();
