// One figure of one photograph, placed among those of the whole set.

const strips = (() => {
  const { element, svg } = base;
  const BINS = 32, WIDTH = 192, HEIGHT = 30;

  // Equal bins from the least to the largest value.
  function bins(values, number) {
    const low = values[0], high = values[values.length - 1];
    const counts = new Array(number).fill(0);
    const width = (high - low) / number || 1;
    for (const value of values) counts[Math.min(number - 1, Math.floor((value - low) / width))] += 1;
    return { low, high, width, counts };
  }

  function placeInWords(values, value) {
    const below = values.filter((one) => one < value).length;
    const same = values.filter((one) => one === value).length;
    if (values.length === 1) return "the only one";
    if (same === values.length) return "the same for all";
    if (below === 0) return same > 1 ? "lowest, with others" : "the lowest";
    if (below + same === values.length) return same > 1 ? "highest, with others" : "the highest";
    return `above ${Math.round((100 * below) / (values.length - same))} %`;
  }

  function drawing(values, value, words) {
    const { low, high, counts } = bins(values, BINS);
    const tallest = Math.max(...counts);
    const step = WIDTH / BINS;
    const x = high > low ? ((value - low) / (high - low)) * (WIDTH - 4) + 2 : WIDTH / 2;
    return svg("svg", { class: "strip", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words, preserveAspectRatio: "none" },
      counts.map((count, bin) => {
        const tall = count ? Math.max(1, (count / tallest) * (HEIGHT - 4)) : 0;
        return svg("rect", { class: "count", x: bin * step + 0.5, y: HEIGHT - tall, width: step - 1, height: tall });
      }),
      svg("line", { class: "mark", x1: x, x2: x, y1: 0, y2: HEIGHT }));
  }

  // A line of the score table: name, value, place in the set.
  function line(row, name) {
    const column = model.column(name);
    const value = model.value(row, name);
    if (value === null) {
      return element("tr", {}, element("th", { scope: "row", title: column.description }, column.short),
        element("td", { class: "number" }, "–"), element("td", { colspan: "2" }, "no value"));
    }
    const values = model.sorted(name);
    const where = placeInWords(values, value);
    return element("tr", {},
      element("th", { scope: "row", title: column.description }, column.short),
      element("td", { class: "number" }, base.words(value, column)),
      element("td", {}, drawing(values, value, `${column.short}: ${where}`)),
      element("td", { class: "where" }, where));
  }

  return { line, bins };
})();
