// Distributions and scatter plots of the photographs that are chosen, by Chart.js.

const charts = (() => {
  const { element } = base;
  const BINS = 24;
  const place = element("section", { id: "view-charts", "aria-label": "Charts" });
  const made = new Map();
  const names = model.numeric.map((column) => column.name).filter(model.has);
  const floats = names.filter((name) => model.column(name).type === "float64");
  const KINDS = [
    ["nothing", "nothing", () => "Photographs"],
    ...model.filters.map((filter) => [filter.name, filter.title.toLowerCase(), filter.of]),
  ];
  let x, y, colour, note, scatter, watcher;
  Object.assign(Chart.defaults.font, { family: getComputedStyle(document.body).fontFamily, size: 12 });

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const values = (name) => model.chosen().map((row) => model.value(row, name)).filter((one) => one !== null).sort((a, b) => a - b);

  function axis(text, numbers = true) {
    return {
      title: { display: Boolean(text), text, color: css("--soft") },
      ticks: { color: css("--soft"), maxTicksLimit: numbers ? 8 : 6, precision: numbers ? undefined : 0 },
      grid: { color: css("--line") },
      border: { color: css("--line") },
    };
  }

  function draw(canvas, configuration) {
    made.get(canvas)?.destroy();
    const { options, ...rest } = configuration;
    made.set(canvas, new Chart(canvas, {
      ...rest,
      options: { animation: false, responsive: true, maintainAspectRatio: false, ...options },
    }));
  }

  function summary(column, found) {
    if (!found.length) return "no value";
    const part = (share) => base.words(found[Math.min(found.length - 1, Math.floor(share * found.length))], column);
    return `least ${part(0)}, a quarter below ${part(0.25)}, half below ${part(0.5)}, a quarter above ${part(0.75)}, largest ${part(1)}`;
  }

  function distribution(figure) {
    const column = model.column(figure.dataset.column);
    const found = values(column.name);
    const text = summary(column, found);
    figure.querySelector("figcaption span").textContent = text;
    const canvas = figure.querySelector("canvas");
    canvas.setAttribute("aria-label", `Distribution of ${column.title}: ${text}`);
    const { low, width, counts } = found.length ? strips.bins(found, BINS) : { low: 0, width: 1, counts: [] };
    const edge = (bin) => base.words(low + bin * width, { ...column, type: "float64" });
    draw(canvas, {
      type: "bar",
      data: {
        labels: counts.map((_, bin) => edge(bin)),
        datasets: [{ data: counts, backgroundColor: css("--chart-1"), categoryPercentage: 1, barPercentage: 0.94 }],
      },
      options: {
        plugins: {
          legend: { display: false },
          tooltip: { callbacks: { title: ([item]) => `${edge(item.dataIndex)} to ${edge(item.dataIndex + 1)}`, label: (item) => base.count(item.raw, "photograph") } },
        },
        scales: { x: { ...axis(column.unit), grid: { display: false } }, y: axis("", false) },
      },
    });
  }

  function groups() {
    const of = KINDS.find(([name]) => name === colour.value)[2];
    const found = new Map();
    for (const row of model.chosen()) {
      const point = { x: model.value(row, x.value), y: model.value(row, y.value), row };
      if (point.x === null || point.y === null) continue;
      const key = of(row) ?? "none";
      if (!found.has(key)) found.set(key, []);
      found.get(key).push(point);
    }
    return [...found].sort(([a], [b]) => String(a).localeCompare(String(b)));
  }

  function plot() {
    const shapes = ["circle", "triangle", "rect", "rectRot", "cross", "star"];
    const datasets = groups().map(([label, data], number) => ({
      label: base.visible(label), data, pointStyle: shapes[number % shapes.length], radius: 4, hoverRadius: 7,
      backgroundColor: `${css(`--chart-${(number % 6) + 1}`)}b3`, borderColor: css(`--chart-${(number % 6) + 1}`),
    }));
    const total = datasets.reduce((sum, { data }) => sum + data.length, 0);
    const titles = [model.column(x.value).title, model.column(y.value).title];
    note.textContent = `${base.count(total, "photograph")}, a mark for each. Click a mark to open the photograph.`;
    scatter.setAttribute("aria-label", `Scatter plot of ${titles[1]} against ${titles[0]}, ${base.count(total, "photograph")}; the table view has the figures.`);
    draw(scatter, {
      type: "scatter",
      data: { datasets },
      options: {
        onClick: (_, hits, chart) => {
          if (hits.length) location.hash = `#photo/${model.data.ids[chart.data.datasets[hits[0].datasetIndex].data[hits[0].index].row]}`;
        },
        plugins: {
          legend: { display: colour.value !== "nothing", labels: { color: css("--text"), usePointStyle: true } },
          tooltip: { callbacks: { label: ({ raw }) => `${base.visible(model.title(raw.row))}: ${raw.x}, ${raw.y}` } },
        },
        scales: { x: axis(titles[0]), y: axis(titles[1]) },
      },
    });
  }

  function selector(id, text, options, chosen) {
    const made = element("select", { id, onchange: plot }, options.map(([value, title]) => element("option", { value }, title)));
    made.value = chosen;
    return [made, element("label", {}, element("span", {}, text), made)];
  }

  function show() {
    const options = names.map((name) => [name, model.column(name).title]);
    const first = (wanted, other) => (names.includes(wanted) ? wanted : names[other]);
    let labels;
    [x, labels] = selector("scatter-x", "Across", options, first("musiq_mos", 0));
    const lines = [labels];
    [y, labels] = selector("scatter-y", "Up", options, first("nima_aesthetic_mean", 1));
    lines.push(labels);
    const kinds = KINDS.filter(([name, , of]) => name === "nothing" || model.everyone.some((row) => of(row)));
    [colour, labels] = selector("scatter-colour", "Marks by", kinds, model.has("mono_verdict") ? "mono" : "nothing");
    lines.push(labels);
    scatter = element("canvas", { role: "img", "aria-label": "Scatter plot" });
    note = element("p", { class: "soft" });
    place.append(
      element("h2", {}, "One figure against another"), element("div", { class: "controls" }, lines),
      element("div", { class: "scatter" }, scatter), note,
      element("h2", {}, "Distributions"),
      element("div", { class: "distributions" }, floats.map((name) => element("figure", { "data-column": name },
        element("figcaption", {}, element("b", {}, model.column(name).title), " ", element("span")),
        element("div", { class: "chart" }, element("canvas", { role: "img", "aria-label": model.column(name).title }))))));
    return place;
  }

  // Each distribution is drawn when it comes into sight; on paper all are.
  function refresh(paper = false) {
    if (!names.length) return;
    plot();
    watcher?.disconnect();
    if (paper) return void place.querySelectorAll("figure").forEach(distribution);
    watcher = new IntersectionObserver((seen) => seen.filter((one) => one.isIntersecting).forEach(({ target }) => {
      watcher.unobserve(target);
      distribution(target);
    }), { rootMargin: "300px" });
    place.querySelectorAll("figure").forEach((figure) => watcher.observe(figure));
  }

  return { show, refresh, draw, axis, css };
})();
