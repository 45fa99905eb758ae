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

  // The thumbnail is in the browser's memory; the preview takes its place once it is read.
  function picture(row) {
    const shownFirst = element("img", { src: model.picture(row) ?? model.picture(row, "previews"), alt: base.visible(model.title(row)), onload: limit });
    const size = element("figcaption");
    const large = preview(row);
    large?.decode().then(() => {
      shownFirst.src = large.src;
      size.textContent = sizeWords(row, Math.max(large.naturalWidth, large.naturalHeight));
    }, () => { size.textContent = "The preview cannot be read: this is a thumbnail. Keep the folder of this page together."; });
    return element("figure", { class: "picture" }, shownFirst, large ? size : null);
  }

  function preview(row) {
    const source = model.picture(row, "previews");
    return source ? Object.assign(new Image(), { src: source }) : null;
  }

  // How much of the photograph's own sharpness the picture can show.
  function sizeWords(row, shownSide) {
    const [width, height] = ["width", "height"].map((name) => model.value(row, name));
    if (shownSide >= Math.max(width, height)) return `All ${width} × ${height} pixels`;
    return `Reduced to ${shownSide} of ${Math.max(width, height)} pixels: slight blur does not show`;
  }

  function pictures(row) {
    const heat = model.picture(row, "heat_maps");
    const title = base.visible(model.title(row));
    if (!model.picture(row) && !model.picture(row, "previews")) {
      return element("div", { class: "easel" }, element("p", { class: "missing" }, "This file could not be made into a picture."));
    }
    return element("div", { class: "easel", tabindex: "0", role: "region", "aria-label": "Picture" },
      picture(row),
      // of a plain colour photograph nobody asks where the colour is
      heat ? element("details", { class: "heat", open: model.value(row, "mono_verdict") === "query" }, element("summary", {}, "Heat map of colour"),
        element("figure", {}, element("img", { src: heat, alt: `Heat map of colour in ${title}`, onload: limit }),
          element("figcaption", {}, "Where a colour differs from the usual one of its brightness",
            element("span", { class: "legend", "aria-hidden": "true" }),
            element("span", { class: "legend-words" }, element("span", {}, "grey: not at all"), element("span", {}, "yellow: plainly"))))) : null);
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
      model.picture(row, "previews") ? element("button", { type: "button", id: "actual", "aria-pressed": "false", "aria-keyshortcuts": "z", onclick: turnActual }, "Actual size") : null,
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
      if (shown !== row) return;
      loading.replaceChildren(...evidence.parts(row, details).filter(Boolean));
      const next = model.chosen()[model.chosen().indexOf(row) + 1];
      if (next !== undefined) preview(next);
    } catch (error) {
      loading.replaceChildren(element("p", { class: "warning" }, error.message));
    }
  }

  // Between the whole picture and its own pixels, by which sharpness is judged.
  function turnActual() {
    const button = document.getElementById("actual");
    if (!button) return;
    const easel = dialog.querySelector(".easel");
    button.setAttribute("aria-pressed", String(easel.classList.toggle("actual")));
    easel.scrollTo((easel.scrollWidth - easel.clientWidth) / 2, (easel.scrollHeight - easel.clientHeight) / 2);
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
    if (event.key === "z") turnActual();
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    // enlarged, the arrows move the picture
    if (!by || event.target.closest(".easel.actual")) return;
    event.preventDefault();
    go(by);
  }

  // A dialog is printed on a single page: a copy outside it flows over as many as it needs.
  function preparePaper() {
    if (!dialog.open) return;
    const copy = dialog.querySelector(".sheet").cloneNode(true);
    copy.querySelector(".actual")?.classList.remove("actual");
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
