// Which view is shown, by the address's #part; the theme; keys for the whole page.

(() => {
  const { element } = base;
  const THEMES = ["system", "light", "dark"];
  const contact = sheets.contact(), score = sheets.score(), how = made.show();

  // A view that is made when somebody first looks: thousands of rows that nobody looks at would delay the first paint.
  function later(name, title, make) {
    const place = element("section", { id: `view-${name}`, "aria-label": title });
    return { title, place, refresh: () => place.children.length || base.add(place, make()) };
  }

  const views = new Map([
    ["gallery", { title: "Gallery", place: gallery.show(), refresh: gallery.refresh, filtered: true }],
    ["table", { title: "Table", place: table.show(), refresh: table.refresh, filtered: true }],
    ranking.shown ? ["ranking", later("ranking", "Ranking", ranking.show)] : null,
    marks.shown ? ["marks", { title: "People’s marks", place: marks.place, refresh: marks.refresh, drawn: true }] : null,
    ["charts", { title: "Charts", place: charts.show(), refresh: charts.refresh, filtered: true, drawn: true }],
    lists.any ? ["failures", later("failures", `Failures (${lists.failed})`, lists.failures)] : null,
    lists.alike ? ["alike", later("alike", `Look-alikes (${lists.alike})`, lists.alikes)] : null,
    ["contact", { title: "Contact sheet", ...contact, filtered: true }],
    ["score", { title: "Score sheet", ...score, filtered: true }],
    ["made", { title: "How this was made", ...how }],
  ].filter(Boolean));
  let current = null;

  function show(name) {
    current = name;
    const view = views.get(name);
    for (const [other, { place, tab }] of views) {
      place.hidden = other !== name;
      if (other === name) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    document.getElementById("filters").hidden = !view.filtered;
    view.refresh?.();
    // on a phone the row of names is wider than the screen
    view.tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function route() {
    const [part, id] = location.hash.slice(1).split("/");
    if (part === "photo") {
      const row = model.byId(id);
      if (!current) show("gallery");
      if (row >= 0) photograph.open(row);
      else base.announce("No such photograph on this page.");
      return;
    }
    const name = views.has(part) ? part : "gallery";
    // closing a photograph comes back here: the view as it was left
    if (name !== current) show(name);
    photograph.close();
  }

  function closed(row) {
    if (location.hash.startsWith("#photo/")) location.hash = `#${current}`;
    ({ gallery, table })[current]?.focus(row);
  }

  // Colours of a chart are its own: they do not follow the theme.
  function redraw(paper = false) {
    if (views.get(current)?.drawn) views.get(current).refresh(paper);
  }

  function theme(name) {
    document.documentElement.dataset.theme = name;
    document.getElementById("theme").textContent = `Theme: ${name}`;
    base.remember("theme", name);
    redraw();
  }

  // Paper is white whatever the theme, and shows what nobody scrolled to.
  function paper() {
    const { theme: own } = document.documentElement.dataset;
    document.documentElement.dataset.theme = "light";
    redraw(true);
    window.addEventListener("afterprint", () => { document.documentElement.dataset.theme = own; redraw(); }, { once: true });
  }

  function keys(event) {
    const typing = event.target.closest("input, select, textarea, dialog");
    if (event.key !== "/" || typing || document.getElementById("filters").hidden) return;
    event.preventDefault();
    document.getElementById("search").focus();
  }

  const start = THEMES.includes(base.remembered("theme")) ? base.remembered("theme") : "system";
  theme(start);
  document.getElementById("theme").addEventListener("click", () =>
    theme(THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length]));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw());
  window.addEventListener("beforeprint", paper);
  for (const [name, view] of views) {
    view.tab = element("a", { href: `#${name}` }, view.title);
    document.getElementById("views").append(element("li", {}, view.tab));
    document.getElementById("main").append(view.place);
  }
  if (model.alone) {
    document.getElementById("main").prepend(element("p", { class: "notice" },
      "Table and charts only: the pictures and the details lie beside the page. Open report/index.html in the results folder."));
  }
  filters.show();
  photograph.listen(closed);
  model.onChange(() => {
    if (views.get(current)?.filtered) views.get(current).refresh();
    base.announce(base.count(model.chosen().length, "photograph"));
  });
  document.addEventListener("keydown", keys);
  window.addEventListener("hashchange", route);
  route();
  model.choose({});
  performance.mark("judge-vision-ready");
})();
