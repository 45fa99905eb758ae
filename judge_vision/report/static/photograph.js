// One photograph: picture on neutral grey, and everything known of it. Opened by #photo/ID.

const photograph = (() => {
  const { element, foreign } = base;
  const dialog = document.getElementById("photograph");
  let shown = null;
  let onClose = () => {};

  // Enlarged much further, a small picture looks less sharp than the photograph is.
  function limit({ target }) {
    target.style.maxWidth = `min(100%, ${1.6 * target.naturalWidth}px)`;
  }

  function pictures(row) {
    const source = model.picture(row), heat = model.picture(row, "heat_maps");
    const title = base.visible(model.title(row));
    if (!source) return element("div", { class: "easel" }, element("p", { class: "missing" }, "This file could not be made into a picture."));
    return element("div", { class: "easel" },
      element("figure", {}, element("img", { src: source, alt: title, onload: limit })),
      heat ? element("figure", { class: "heat" },
        element("img", { src: heat, alt: `Heat map of colour in ${title}`, onload: limit }),
        element("figcaption", {}, "Heat map: where a colour differs from the usual one of its brightness",
          element("span", { class: "legend", "aria-hidden": "true" }),
          element("span", { class: "legend-words" }, element("span", {}, "grey: not at all"), element("span", {}, "yellow: plainly")))) : null);
  }

  function bar(row) {
    const rows = model.chosen();
    const now = rows.indexOf(row);
    const step = (by, text, key) => element("button", {
      type: "button", "aria-keyshortcuts": key, disabled: now < 0 || !(now + by in rows), onclick: () => go(by),
    }, text);
    return element("div", { class: "bar" },
      element("h2", { id: "photograph-title", tabindex: "-1" }, foreign(model.title(row))),
      element("span", { class: "soft" }, now < 0 ? "outside the choice" : `${now + 1} of ${rows.length}`),
      step(-1, "← Previous", "ArrowLeft"), step(1, "Next →", "ArrowRight"),
      element("button", { type: "button", onclick: () => window.print() }, "Print"),
      element("button", { type: "button", onclick: () => dialog.close() }, "Close"));
  }

  async function open(row) {
    shown = row;
    const loading = element("div", { class: "evidence", tabindex: "0", role: "region", "aria-label": "What is known of the photograph" },
      element("p", { class: "soft" }, "…"));
    dialog.replaceChildren(bar(row), element("div", { class: "sheet" }, pictures(row), loading));
    if (!dialog.open) dialog.showModal();
    document.getElementById("photograph-title").focus();
    try {
      const details = await model.details(row);
      if (shown === row) loading.replaceChildren(...evidence.parts(row, details).filter(Boolean));
    } catch (error) {
      loading.replaceChildren(element("p", { class: "warning" }, `${error.message}: keep the folder of this page together.`));
    }
  }

  function go(by) {
    const rows = model.chosen();
    const next = rows[rows.indexOf(shown) + by];
    if (shown === null || rows.indexOf(shown) < 0 || next === undefined) return;
    // replaces, so that Back leads to the gallery and not through every photograph
    location.replace(`#photo/${model.data.ids[next]}`);
  }

  function keys(event) {
    if (event.target.closest("input, select, textarea") || event.altKey || event.ctrlKey || event.metaKey) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    go(by);
  }

  // A dialog is printed on a single page: a copy outside it flows over as many as it needs.
  function preparePaper() {
    if (!dialog.open) return;
    const copy = dialog.querySelector(".sheet").cloneNode(true);
    copy.querySelectorAll("details").forEach((one) => { one.open = true; });
    document.body.append(element("div", { id: "paper" }, element("h2", {}, foreign(model.title(shown))), copy));
  }

  function listen(closed) {
    window.addEventListener("beforeprint", preparePaper);
    window.addEventListener("afterprint", () => document.getElementById("paper")?.remove());
    onClose = closed;
    dialog.addEventListener("keydown", keys);
    dialog.addEventListener("close", () => { const row = shown; shown = null; onClose(row); });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }

  return { open, listen, close: () => dialog.open && dialog.close() };
})();
