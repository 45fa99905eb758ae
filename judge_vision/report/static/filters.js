// The bar above the photographs: search, filters, order.

const filters = (() => {
  const { element } = base;
  const place = document.getElementById("filters");
  let count;

  function show() {
    const search = element("input", {
      type: "search", id: "search", placeholder: "any word", autocomplete: "off",
      oninput: later((event) => model.choose({ text: event.target.value })),
    });
    const order = element("select", { id: "sort", onchange: (event) => sortBy(event.target.value) },
      model.columns.map((column) => element("option", { value: column.name }, column.title)));
    const direction = element("button", {
      type: "button", id: "direction", onclick: () => model.choose({ descending: !model.state.descending }),
    });
    count = element("output", { id: "count", for: "search" });
    place.append(
      label("Search", search), ...model.filters.map(filter).filter(Boolean), label("Filter by", conditions.selector), label("Sort by", order), direction,
      element("button", { type: "button", id: "clear", class: "quiet", onclick: clear }, "Clear"), count,
      conditions.place,
    );
    model.onChange(refresh);
  }

  function label(text, control) {
    return element("label", {}, element("span", {}, text), control);
  }

  // A filter with nothing to choose from is left out.
  function filter({ name, title, of }) {
    const tally = new Map();
    for (const row of model.everyone) {
      const value = of(row);
      if (value !== null && value !== "") tally.set(value, (tally.get(value) ?? 0) + 1);
    }
    if (tally.size < (name === "category" ? 1 : 2)) return null;
    const options = [...tally].sort(([a], [b]) => String(a).localeCompare(String(b), "en", { numeric: true }));
    return label(title, element("select", {
      id: `filter-${name}`, onchange: (event) => model.choose({ choices: { [name]: event.target.value || null } }),
    }, element("option", { value: "" }, "all"), options.map(([value, rows]) => element("option", { value }, `${value} (${rows})`))));
  }

  // Scores are looked at from the best down, names from A.
  function sortBy(name) {
    const again = name === model.state.sort;
    model.choose({ sort: name, descending: again ? !model.state.descending : model.column(name).type === "float64" });
  }

  function clear() {
    place.querySelectorAll("select[id^=filter]").forEach((select) => { select.value = ""; });
    document.getElementById("search").value = "";
    conditions.clear();
    model.choose({ text: "", choices: Object.fromEntries(model.filters.map((one) => [one.name, null])) });
  }

  function refresh() {
    const { state } = model;
    document.getElementById("sort").value = state.sort;
    const direction = document.getElementById("direction");
    direction.textContent = state.descending ? "↓" : "↑";
    direction.setAttribute("aria-label", `Order: ${state.descending ? "falling" : "rising"}; change`);
    const all = model.everyone.length, now = model.chosen().length;
    document.getElementById("clear").hidden = !(state.text || conditions.place.children.length || Object.values(state.choices).some(Boolean));
    count.textContent = now === all ? base.count(all, "photograph") : `${now.toLocaleString("en")} of ${base.count(all, "photograph")}`;
  }

  // Typing a word should not filter once per letter.
  function later(act) {
    let timer;
    return (event) => { clearTimeout(timer); timer = setTimeout(() => act(event), 120); };
  }

  return { show, sortBy };
})();
