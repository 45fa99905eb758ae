// For paper: a contact sheet and a score sheet of the photographs that are chosen, in their order.

const sheets = (() => {
  const { element, foreign } = base;
  const SCORES = ["nima_aesthetic_mean", "nima_technical_mean", "musiq_mos"];

  const warning = () => (SCORES.some(model.unrated) ? element("p", { class: "warning" }, "Scores: no human ratings; no judge's opinion.") : null);

  function heading(words) {
    return element("header", { class: "sheet-head" }, element("h2", {}, foreign(model.data.title), ` – ${words}`),
      element("p", {}, `${base.count(model.chosen().length, "photograph")}, by ${model.column(model.state.sort).title.toLowerCase()}`));
  }

  function picture(row) {
    const source = model.picture(row);
    return source ? element("img", { src: source, alt: "", loading: "lazy", decoding: "async" }) : element("span", { class: "missing" }, "no picture");
  }

  function contact(named) {
    return [heading("contact sheet"), element("ol", { class: "contact" }, model.chosen().map((row, number) => element("li", {},
      element("span", { class: "mount" }, picture(row)),
      element("span", { class: "name" }, `${number + 1}. `, foreign(model.title(row))),
      named && model.value(row, "author") ? element("span", { class: "soft" }, foreign(model.value(row, "author"))) : null)))];
  }

  function score(named) {
    const columns = [
      ["No.", (row, number) => String(number + 1)],
      ["Picture", picture],
      ["Title", (row) => foreign(model.title(row))],
      named && model.has("author") ? ["Author", (row) => foreign(model.value(row, "author") ?? "–")] : null,
      model.has("category") ? ["Category", (row) => foreign(model.value(row, "category") ?? "–")] : null,
      ["Monochrome", (row) => model.monoWords(row) ?? "–"],
      model.has("compliance_passed") ? ["Rules", (row) => model.complianceWords(row) ?? "–"] : null,
      ...SCORES.filter(model.has).map((name) => [model.column(name).title, (row) => base.words(model.value(row, name), model.column(name))]),
      model.has("rank") ? ["Rank", (row) => base.words(model.value(row, "rank"), model.column("rank"))] : null,
      model.has("mark") ? ["Mark", (row) => base.words(model.value(row, "mark"), model.column("mark"))] : null,
      model.has("band") ? ["Award", (row) => [model.value(row, "placing"), model.value(row, "band")].filter(Boolean).join(", ") || "–"] : null,
      ["Judge’s mark", () => ""],
      ["Remarks", () => ""],
    ].filter(Boolean);
    return [heading("score sheet"), warning(), ...model.data.notices.map((notice) => element("p", { class: "soft" }, foreign(notice))), base.scroller("The sheet; scroll sideways", element("table", { class: "grid score-sheet" },
      element("thead", {}, element("tr", {}, columns.map(([title]) => element("th", { scope: "col" }, title)))),
      element("tbody", {}, model.chosen().map((row, number) => element("tr", {}, columns.map(([title, of]) =>
        element("td", { class: { "Judge’s mark": "mark", Remarks: "remarks", Picture: "picture" }[title] ?? null }, of(row, number))))))))];
  }

  // Prints when every picture is there.
  async function print(paper, button) {
    button.disabled = true;
    await Promise.allSettled([...paper.querySelectorAll("img")].map((one) => { one.loading = "eager"; return one.decode(); }));
    button.disabled = false;
    window.print();
  }

  function sheet(name, title, make) {
    const paper = element("div", { class: "paper" });
    const names = element("input", { type: "checkbox", id: `${name}-names`, checked: true, onchange: refresh });
    const button = element("button", { type: "button", onclick: () => print(paper, button) }, "Print");
    const place = element("section", { id: `view-${name}`, "aria-label": title }, element("div", { class: "controls" }, button,
      model.has("author") ? element("label", { class: "tick" }, names, element("span", {}, "with the authors' names")) : null,
      element("span", { class: "soft" }, "Prints the photographs chosen above, in their order.")), paper);
    function refresh() { paper.replaceChildren(...make(names.checked).filter(Boolean)); }
    return { place, refresh };
  }

  return { contact: () => sheet("contact", "Contact sheet", contact), score: () => sheet("score", "Score sheet", score) };
})();
