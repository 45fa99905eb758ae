// The scores against marks that people gave: agreement by category, and a plot with the fitted mapping.

const marks = (() => {
  const { element, foreign } = base;
  const FIGURES = [["srcc", "Order (SRCC)"], ["plcc", "Differences (PLCC)"], ["kendall", "Pairs (Kendall)"]];
  const shown = model.data.parts.includes("calibration");
  const place = element("section", { id: "view-marks", "aria-label": "People’s marks" });
  let found = null;

  const named = (score) => model.column(score === "critique" ? "critique_score" : score)?.title ?? evidence.named(score);

  function figure(figures, name) {
    const ends = figures[`${name}_interval`];
    if (figures[name] === null) return "all equal";
    return `${figures[name].toFixed(2)}${ends ? ` (${ends.map((end) => end.toFixed(2)).join(" to ")})` : ""}`;
  }

  function agreement(score, name) {
    const groups = Object.entries(score.by_category).filter(([, figures]) => figures);
    const lines = [["All", score.all], ...(groups.length > 1 || groups[0]?.[0] ? groups : [])];
    const title = `Agreement of ${name} with the marks; in brackets where 95 % of bootstrap samples lie.`;
    return base.scroller(`Agreement of ${name}`,
      element("table", { class: "grid small" }, element("caption", {}, title),
        element("thead", {}, element("tr", {}, ["Category", "Photographs", ...FIGURES.map(([, words]) => words)].map((head, number) => element("th", { scope: "col", class: number ? "number" : null }, head)))),
        element("tbody", {}, lines.map(([group, figures]) => element("tr", {}, element("th", { scope: "row" }, foreign(group || "without a category")),
          element("td", { class: "number" }, String(figures.photographs)), FIGURES.map(([key]) => element("td", { class: "number" }, figure(figures, key))))))));
  }

  function worth({ error }) {
    return `Turned into a mark by the line in the plot, the score is off by ${error.mapping.toFixed(2)} marks in the mean on photographs that the line was not fitted to. `
      + `Giving every photograph the mean mark would be off by ${error.mean_mark.toFixed(2)}.`;
  }

  function one([key, score]) {
    const name = named(key);
    return element("section", { class: "part", "data-score": key }, element("h3", {}, name),
      element("p", { class: "soft" }, "Scored by ", foreign(score.scored_by), "."),
      score.notice ? element("p", { class: "notice" }, score.notice) : null,
      score.all ? [agreement(score, name), element("p", {}, worth(score))]
        : element("p", {}, `${base.count(score.photographs, "photograph")} with a mark: too few for figures.`),
      element("div", { class: "scatter" }, element("canvas", { role: "img", "aria-label": `Marks against ${name} of ${base.count(score.points.length, "photograph")}` })));
  }

  function plot(canvas, key, score) {
    const line = score.mapping ? score.mapping.scores.map((x, number) => ({ x, y: score.mapping.marks[number] })) : [];
    const dots = score.points.map(([row, x, y]) => ({ x, y, row }));
    charts.draw(canvas, {
      type: "scatter",
      data: { datasets: [
        { label: "photographs", data: dots, radius: 4, hoverRadius: 7, backgroundColor: `${charts.css("--chart-1")}b3`, borderColor: charts.css("--chart-1") },
        { label: "fitted mark", data: line, showLine: true, pointRadius: 0, borderWidth: 2, borderColor: charts.css("--chart-2"), backgroundColor: charts.css("--chart-2") },
      ] },
      options: {
        onClick: (_, hits) => {
          const row = hits.length && hits[0].datasetIndex === 0 ? dots[hits[0].index].row : null;
          if (row !== null) location.hash = `#photo/${model.data.ids[row]}`;
        },
        plugins: {
          legend: { labels: { color: charts.css("--text"), usePointStyle: true } },
          tooltip: { callbacks: { label: ({ raw }) => `${raw.row >= 0 ? `${base.visible(model.title(raw.row))}: ` : ""}score ${raw.x.toFixed(2)}, mark ${raw.y.toFixed(1)}` } },
        },
        scales: { x: charts.axis(named(key)), y: charts.axis("Mark") },
      },
    });
  }

  function fill(given) {
    found = Object.entries(given.scores).filter(([, score]) => score.points.length);
    const lost = given.unmatched ? ` ${base.count(given.unmatched, "mark")} belong${given.unmatched === 1 ? "s" : ""} to no photograph of this run.` : "";
    place.replaceChildren(element("h2", {}, "Scores against people’s marks"),
      element("p", {}, `${base.count(given.marked, "photograph")} with marks that people gave.${lost} Order: 1 means that the score puts the photographs in the order of the marks, 0 that it knows nothing of it. Differences: the same for differences in score and in mark. Pairs: of two photographs, how much more often score and marks agree than not. Groups of fewer than ${given.least_photographs} have no figures.`),
      ...found.map(one));
    draw();
  }

  function draw() {
    for (const [key, score] of found) plot(place.querySelector(`[data-score="${key}"] canvas`), key, score);
  }

  function refresh() {
    if (found) draw();
    else model.part("calibration").then(fill, (error) => place.replaceChildren(element("p", { class: "warning" }, error.message)));
  }

  return { shown, place, refresh };
})();
