// The gallery: cards in portions, each added when the reader comes near the end.

const gallery = (() => {
  const { element } = base;
  const PORTION = 60;
  const place = element("section", { id: "view-gallery", "aria-label": "Gallery" });
  const list = element("ul", { class: "cards" });
  const end = element("div", { class: "end" });
  const none = element("p", { class: "none" }, "No photograph matches. Clear the search or a filter.");
  const watcher = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && more(), { rootMargin: "800px" });

  function card(row) {
    const source = model.picture(row);
    const sizes = { width: model.value(row, "width"), height: model.value(row, "height") };
    return element("li", {},
      element("a", { class: "card", href: `#photo/${model.data.ids[row]}`, "data-row": row },
        element("span", { class: "mount" }, source
          ? element("img", { src: source, alt: "", loading: "lazy", decoding: "async", ...sizes })
          : element("span", { class: "missing" }, "no picture")),
        element("span", { class: "name" }, base.foreign(model.title(row))),
        element("span", { class: "chips" }, chips(row)),
        score(row)));
  }

  function chips(row) {
    const found = [];
    if (model.value(row, "status") === "failed") found.push(["Failed", "bad"]);
    for (const name of ["placing", "band"]) {
      if (model.value(row, name)) found.push([model.value(row, name), "award"]);
    }
    const mono = model.monoWords(row);
    if (mono) found.push([mono, mono.startsWith("Mono?") ? "ask" : "plain"]);
    const rules = model.complianceWords(row);
    if (rules) found.push([rules, { Complies: "good", "Does not comply": "bad" }[rules] ?? "ask"]);
    return found.map(([text, kind]) => element("span", { class: `chip ${kind}` }, text));
  }

  // The figure the gallery is sorted by; where that is no figure, the mark, or MUSIQ.
  function score(row) {
    const sort = model.column(model.state.sort);
    const column = model.isNumber(sort) ? sort : model.column(model.has("mark") ? "mark" : "musiq_mos");
    return element("span", { class: "score" }, element("b", {}, base.words(model.value(row, column.name), column)), ` ${column.title}`);
  }

  function more() {
    const rows = model.chosen().slice(list.children.length, list.children.length + PORTION);
    list.append(...rows.map(card));
    end.hidden = list.children.length >= model.chosen().length;
  }

  function refresh() {
    list.replaceChildren();
    none.hidden = model.chosen().length > 0;
    more();
  }

  const top = (one) => one.getBoundingClientRect().top;

  // Arrow keys go from card to card as the eye sees them; every card is also reached with Tab.
  function keys(event) {
    const cards = [...list.querySelectorAll(".card")];
    const now = cards.indexOf(document.activeElement);
    if (now < 0) return;
    const across = cards.filter((one) => top(one) === top(cards[0])).length;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across }[event.key];
    const goal = { Home: 0, End: cards.length - 1 }[event.key] ?? (step === undefined ? undefined : now + step);
    if (goal === undefined) return;
    event.preventDefault();
    if (goal >= cards.length) more();
    list.querySelectorAll(".card")[goal]?.focus();
  }

  function focus(row) {
    while (!list.querySelector(`[data-row="${row}"]`) && list.children.length < model.chosen().length) more();
    list.querySelector(`[data-row="${row}"]`)?.focus();
  }

  function show() {
    place.append(element("h2", { class: "unseen" }, "Gallery"), list, none, end);
    list.addEventListener("keydown", keys);
    watcher.observe(end);
    return place;
  }

  return { show, refresh, focus, chips };
})();
