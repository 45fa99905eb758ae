// The ranking by category, with awards and the playoff's intervals; and who is not in it, and why.

const ranking = (() => {
  const { element, svg, foreign } = base;
  const WIDTH = 160, HEIGHT = 20;
  const shown = model.has("ranking_status");
  const ranked = model.everyone.filter((row) => model.value(row, "ranking_status") === "ranked");
  const figure = (row, name) => base.words(model.value(row, name), model.column(name));

  function categories() {
    const found = new Map();
    for (const row of [...ranked].sort((a, b) => model.value(a, "rank") - model.value(b, "rank"))) {
      const name = model.value(row, "category") ?? "";
      if (!found.has(name)) found.set(name, []);
      found.get(name).push(row);
    }
    return [...found].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
  }

  // Strength as a mark on its 95 % interval, on one scale for the category.
  function interval(row, rows) {
    const value = (one, name) => model.value(one, `playoff_${name}`);
    if (value(row, "strength") === null) return "–";
    const known = rows.filter((one) => value(one, "strength") !== null);
    const low = Math.min(...known.map((one) => value(one, "low"))), high = Math.max(...known.map((one) => value(one, "high")));
    const x = (strength) => (high > low ? ((strength - low) / (high - low)) * (WIDTH - 12) + 6 : WIDTH / 2);
    const [least, own, most] = ["low", "strength", "high"].map((name) => value(row, name));
    const words = `${figure(row, "playoff_strength")}, from ${figure(row, "playoff_low")} to ${figure(row, "playoff_high")}`;
    return svg("svg", { class: "interval", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words },
      svg("line", { x1: x(least), x2: x(most), y1: HEIGHT / 2, y2: HEIGHT / 2 }),
      svg("circle", { cx: x(own), cy: HEIGHT / 2, r: 4 }));
  }

  function line(row, rows, columns) {
    return element("tr", {}, columns.map(([title, of, kind]) => element("td", { class: kind ?? null, "data-title": title }, of(row, rows))));
  }

  function table(name, rows) {
    const has = (column) => rows.some((row) => model.value(row, column) !== null && model.value(row, column) !== undefined);
    const picture = (row) => {
      const source = model.picture(row);
      return source ? element("img", { src: source, alt: "", loading: "lazy", decoding: "async" }) : "–";
    };
    const columns = [
      ["Rank", (row) => String(model.value(row, "rank")), "number rank"],
      ["Picture", picture, "picture"],
      ["Title", (row) => element("a", { href: `#photo/${model.data.ids[row]}` }, foreign(model.title(row)))],
      has("author") ? ["Author", (row) => foreign(model.value(row, "author") ?? "–")] : null,
      has("placing") ? ["Placing", (row) => award(row, "placing")] : null,
      has("band") ? ["Award band", (row) => award(row, "band")] : null,
      has("mark") ? ["Mark", (row) => figure(row, "mark"), "number"] : null,
      ["Score", (row) => figure(row, "ranking_score"), "number"],
      has("playoff_strength") ? ["Playoff strength, 95 % interval", interval] : null,
      has("accepted") ? ["Accepted", (row) => figure(row, "accepted")] : null,
    ].filter(Boolean);
    const heading = name || "All photographs";
    return [element("h3", {}, foreign(heading), ` (${rows.length})`),
      base.scroller(`Ranking of ${base.visible(heading)}`,
        element("table", { class: "grid ranking" },
          element("thead", {}, element("tr", {}, columns.map(([title]) => element("th", { scope: "col" }, title)))),
          element("tbody", {}, rows.map((row) => line(row, rows, columns)))))];
  }

  function award(row, name) {
    const text = model.value(row, name);
    return text ? element("span", { class: "chip award" }, foreign(text)) : "–";
  }

  function awards() {
    const tally = new Map();
    for (const row of ranked) {
      for (const name of ["placing", "band"]) {
        const text = model.value(row, name);
        if (text) tally.set(text, (tally.get(text) ?? 0) + 1);
      }
    }
    return tally.size ? element("p", { class: "chips" }, [...tally].map(([text, count]) => element("span", { class: "chip award" }, foreign(text), ` ${count}`))) : null;
  }

  // A pair is in it twice, with sides swapped.
  function matches() {
    if (!model.data.parts.includes("playoff")) return null;
    const place = element("div", { class: "stack" }, element("p", {}, "…"));
    const fill = () => model.part("playoff").then((found) => place.replaceChildren(...log(found)),
      (error) => place.replaceChildren(element("p", { class: "warning" }, error.message)));
    return element("details", { id: "matches", ontoggle: fill }, element("summary", {}, "Log of the playoff"), place);
  }

  function log({ log: rows, failed, shown_first_won: share, without_standings: unlinked }) {
    const entry = (match, side) => {
      const row = match.pair[side];
      return row === null ? foreign(match.names[side]) : element("a", { href: `#photo/${model.data.ids[row]}` }, foreign(model.title(row)));
    };
    const cells = (match) => [foreign(match.category ?? "–"), String(match.round), entry(match, 0), entry(match, 1),
      match.winner === null ? "failed" : entry(match, match.winner), foreign(match.reason ?? "–")];
    const fair = share === null ? "" : ` The one shown first won ${Math.round(100 * share)} %; far from 50 % means that the model cannot tell these pictures apart.`;
    return [
      element("p", {}, `${base.count(rows.length, "comparison")}, each pair twice with sides swapped.${fair}${failed ? ` ${failed} failed and count for neither; the next run asks again.` : ""}`),
      unlinked.length ? element("p", { class: "notice" }, "Ranked by score, because failures left entries unlinked: ", foreign(unlinked.join(", "))) : null,
      base.scroller("Log of the playoff", element("table", { class: "grid small" },
        element("thead", {}, element("tr", {}, ["Category", "Round", "Shown first", "Shown second", "Preferred", "The model’s reason"].map((head) => element("th", { scope: "col" }, head)))),
        element("tbody", {}, rows.map((match) => element("tr", {}, cells(match).map((cell) => element("td", {}, cell))))))),
    ].filter(Boolean);
  }

  function out() {
    const rows = model.everyone.filter((row) => model.value(row, "ranking_status") === "not_ranked");
    if (!rows.length) return null;
    return element("details", {}, element("summary", {}, `Not ranked (${rows.length})`),
      element("ul", { class: "reasons" }, rows.map((row) => element("li", {},
        element("a", { href: `#photo/${model.data.ids[row]}` }, foreign(model.title(row))), ": ", foreign(model.value(row, "ranking_reason") ?? "no reason given")))));
  }

  function show() {
    return [element("h2", {}, "Ranking and awards"),
      model.data.notices.map((notice) => element("p", { class: "notice" }, foreign(notice))),
      ranked.length ? null : element("p", {}, "No photograph is ranked."),
      awards(), categories().map(([name, rows]) => table(name, rows)), matches(), out()];
  }

  return { show, shown };
})();
