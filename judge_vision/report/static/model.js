// The data of the page, and the selection: which photographs, in which order.

const model = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const columns = data.columns;
  const at = new Map(columns.map((column, number) => [column.name, number]));
  const everyone = data.rows.map((_, number) => number);
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const listeners = [];
  const state = { text: "", choices: {}, conditions: new Map(), sort: "image", descending: false };
  let chosen = everyone;
  let haystacks = null;

  const column = (name) => columns[at.get(name)];
  const value = (row, name) => (at.has(name) ? data.rows[row][at.get(name)] : null);
  const isNumber = (one) => one.type === "float64" || one.type === "int64";
  const has = (name) => everyone.some((row) => value(row, name) !== null && value(row, name) !== "");

  const title = (row) => value(row, "title") || value(row, "image").split("/").pop();

  // Inside another page, as in Snakemake's report, nothing lies beside this one.
  const alone = location.protocol === "data:";

  function picture(row, kind = "thumbnails") {
    const sha256 = value(row, "sha256");
    if (alone || !data[kind][row]) return null;
    return `pictures/${kind}/${sha256.slice(0, 2)}/${sha256}${kind === "heat_maps" ? ".png" : ".jpg"}`;
  }

  // The monochrome verdict as a club says it: a colour photograph has done nothing wrong.
  function monoWords(row) {
    const verdict = value(row, "mono_verdict");
    if (verdict === "pass") return value(row, "mono_mode") === "toned" ? "Mono, toned" : "Mono, neutral";
    return { query: "Mono? Refer", fail: "Colour" }[verdict] ?? null;
  }

  function complianceWords(row) {
    const passed = value(row, "compliance_passed");
    if (passed === null) return null;
    // what counts after rulings: measured and decided may differ
    if (value(row, "compliance_status") === "does not comply") return passed ? "Does not comply, by ruling" : "Does not comply";
    if (!passed) return "Complies, by ruling";
    return (value(row, "compliance_warnings") ?? []).length ? "Complies, with remarks" : "Complies";
  }

  const FILTERS = [
    { name: "status", title: "Read", of: (row) => (value(row, "status") === "ok" ? "Measured" : "Failed") },
    { name: "mono", title: "Monochrome", of: monoWords },
    { name: "compliance", title: "Rules", of: complianceWords },
    { name: "band", title: "Award", of: (row) => value(row, "placing") ?? value(row, "band") },
    { name: "category", title: "Category", of: (row) => value(row, "category") },
  ];

  function matches(row) {
    if (FILTERS.some((filter) => state.choices[filter.name] && filter.of(row) !== state.choices[filter.name])) return false;
    if (![...state.conditions].every(([name, accepts]) => accepts(value(row, name)))) return false;
    return state.text.toLowerCase().split(/\s+/).every((part) => haystack(row).includes(part));
  }

  function haystack(row) {
    haystacks ??= data.rows.map((values) => values.flat().filter((one) => one !== null).join("\n").toLowerCase());
    return haystacks[row];
  }

  // Rows without a value come last in either direction.
  function compare(one, other) {
    const a = value(one, state.sort), b = value(other, state.sort);
    const missing = (a === null || a.length === 0) - (b === null || b.length === 0);
    if (missing || a === null || b === null) return missing || one - other;
    const order = typeof a === "number" ? a - b : collator.compare(String(a), String(b));
    return (state.descending ? -order : order) || one - other;
  }

  function choose(change) {
    Object.assign(state, change, { choices: { ...state.choices, ...change.choices } });
    chosen = everyone.filter(matches).sort(compare);
    listeners.forEach((listener) => listener());
  }

  // A test that a column's value has to pass; null takes it away.
  function condition(name, accepts) {
    if (accepts) state.conditions.set(name, accepts);
    else state.conditions.delete(name);
    choose({});
  }

  const figures = new Map();

  // The values of a column over the whole set, ascending.
  function sorted(name) {
    if (!figures.has(name)) {
      figures.set(name, everyone.map((row) => value(row, name)).filter((one) => one !== null).sort((a, b) => a - b));
    }
    return figures.get(name);
  }

  const parts = new Map();
  const waiting = new Map();

  // What is read when somebody looks comes in script files, because a page on a disk may not fetch.
  function part(name) {
    if (!parts.has(name)) {
      parts.set(name, new Promise((resolve, reject) => {
        waiting.set(name, resolve);
        const script = document.createElement("script");
        script.src = `data/${name}.js`;
        script.onerror = () => {
          parts.delete(name);
          reject(new Error(`data/${name}.js cannot be read: keep the folder of this page together.`));
        };
        document.head.append(script);
      }));
    }
    return parts.get(name);
  }

  globalThis.judgeVision = { part: (name, value) => waiting.get(name)?.(value) };

  const details = (row) => part(`details-${Math.floor(row / data.details_per_file)}`).then((rows) => rows[row % data.details_per_file]);

  return {
    data, alone, columns, column, value, title, picture, monoWords, complianceWords, has, isNumber, sorted, details, part, choose, condition,
    everyone, state, filters: FILTERS,
    chosen: () => chosen,
    byId: (id) => data.ids.indexOf(id),
    onChange: (listener) => listeners.push(listener),
    numeric: columns.filter(isNumber),
    unrated: (name) => columns[at.get("human_ratings")] && data.model_scores.includes(name)
      && everyone.some((row) => value(row, "human_ratings") === false),
  };
})();
