// The parts of a photograph's page: scores, tones, monochrome verdict, rules, facts.

const evidence = (() => {
  const { element, svg, foreign } = base;
  const STATUS = {
    does_not_comply: ["Does not comply", "bad"],
    refer: ["Refer", "ask"],
    needs_person: ["Needs a person", "ask"],
    complies: ["Complies", "good"],
    not_applicable: ["Does not apply", "plain"],
  };
  const SEVERITY = { reject: "not eligible if broken", warn: "remark if broken", fix: "corrected copy if broken" };
  // Any other source of figures, such as a metric added later, comes behind these under its own name.
  const SOURCES = { ranking: "Ranking", critique: "Critique", iqa: "Networks", tonal: "Light and tones" };
  // Figures that say how another figure came about, and are no scores.
  const NO_SCORES = ["critique_max_score", "playoff_low", "playoff_high"];

  function part(title, ...content) {
    return element("section", { class: "part" }, element("h3", {}, title), ...content);
  }

  // A name made of a record's key, for figures that are not columns of the table.
  const named = (key) => key.replaceAll("_", " ").replace(/^stage(\d)/, "stage $1").replace(/\b(nima|musiq)\b/g, (name) => name.toUpperCase())
    .replace("sha256", "SHA-256").replace(/^./, (letter) => letter.toUpperCase());

  // Nested figures side by side with the others, as "Outer, inner".
  function flat(figures, before = "") {
    return Object.entries(figures ?? {}).flatMap(([key, value]) => {
      const name = before ? `${before}, ${key.replaceAll("_", " ")}` : named(key);
      return value !== null && typeof value === "object" && !Array.isArray(value) ? flat(value, name) : [[name, plain(value)]];
    });
  }

  function plain(value) {
    if (value === null || value === undefined) return "–";
    if (typeof value === "boolean") return value ? "yes" : "no";
    if (Array.isArray(value)) return value.length ? value.map(plain).join(", ") : "–";
    if (typeof value === "object") return Object.entries(value).map(([key, one]) => `${named(key).toLowerCase()} ${plain(one)}`).join(", ");
    return String(value);
  }

  function factsOf(pairs) {
    return element("dl", { class: "facts" }, pairs.map(([name, value]) => [element("dt", {}, name), element("dd", {}, foreign(value))]));
  }

  function more(title, figures) {
    const pairs = flat(figures);
    return pairs.length ? element("details", {}, element("summary", {}, title), factsOf(pairs)) : null;
  }

  function scores(row, details) {
    const others = model.columns.map((column) => column.source).filter((source) => !(source in SOURCES));
    const sources = Object.entries({ ...SOURCES, ...Object.fromEntries(others.map((source) => [source, named(source)])) });
    const tables = sources.map(([source, title]) => {
      const names = model.columns.filter((column) => column.type === "float64" && column.source === source && !NO_SCORES.includes(column.name))
        .map((column) => column.name)
        // an entry that is not ranked has no mark, and that is said above
        .filter((name) => model.value(row, name) !== null || !["ranking", "critique"].includes(source));
      if (!names.length) return null;
      const warning = source === "iqa" && model.value(row, "human_ratings") === false;
      return [
        element("h4", {}, title),
        warning ? element("p", { class: "warning" }, "No human ratings: these networks were never shown a mark given by a person.") : null,
        element("table", { class: "figures" },
          element("thead", { class: "unseen" }, element("tr", {}, ["Figure", "Value", "Distribution in the set", "Above how many of the others"].map((text) => element("th", { scope: "col" }, text)))),
          element("tbody", {}, names.map((name) => strips.line(row, name)))),
      ];
    });
    return part("Scores",
      element("p", { class: "soft" }, "The line marks this photograph among the whole set; “above 60 %” means a higher figure than 60 % of the others, which is not always a better one."),
      tables, more("More figures of the networks", details.iqa));
  }

  // Bars from black to white; the bands at the ends are what counts as clipped, 8-bit values 0 to 5 and 250 to 255.
  function histogram(counts, words) {
    const clipped = 3, width = 3, tall = 100, wide = width * counts.length;
    const tallest = Math.max(1, ...counts.slice(clipped, -clipped));
    const isClipped = (bin) => bin < clipped || bin >= counts.length - clipped;
    return svg("svg", { class: "histogram", viewBox: `0 0 ${wide} ${tall}`, preserveAspectRatio: "none", role: "img", "aria-label": words },
      [0, wide - clipped * width].map((x) => svg("rect", { class: "clipping", x, y: 0, width: clipped * width, height: tall })),
      counts.map((count, bin) => {
        const height = Math.min(tall, count ? Math.max(1, (count / tallest) * (tall - 6)) : 0);
        return svg("rect", { class: isClipped(bin) ? "clipped" : "tone", x: bin * width, y: tall - height, width, height });
      }));
  }

  function tones(row, details) {
    const clipping = (name) => base.words(model.value(row, name), model.column(name));
    const percents = ["clip_low_percent", "clip_high_percent"].map((name) => model.value(row, name));
    const ends = ["Shadows", "Highlights"].map((word, end) => (percents[end] === null ? null : element("span", { class: percents[end] >= 1 ? "loss" : null },
      `${word}: ${clipping(["clip_low_percent", "clip_high_percent"][end])} clipped`)));
    const { histogram: counts, light_notes: notes } = details.tonal;
    return part("Tones",
      element("p", {}, model.value(row, "tonal_summary") ?? "Not measured."),
      counts ? element("figure", { class: "tones" },
        histogram(counts, `Histogram of the tones from black to white. ${ends.map((one) => one?.textContent).join("; ")}.`),
        element("figcaption", {}, ends)) : null,
      (notes ?? []).map((note) => element("p", {}, note)));
  }

  function mono(row, details) {
    const verdict = model.value(row, "mono_verdict");
    if (!verdict) return null;
    const kind = { pass: "good", query: "ask", fail: "plain" }[verdict];
    const words = { pass: "Complies as monochrome", query: "Refer: a person has to look", fail: "Not monochrome" }[verdict];
    const tone = model.value(row, "mono_dominant_tone");
    return part("Monochrome",
      element("p", {}, element("span", { class: `chip ${kind}` }, words), tone ? ` Tone: ${tone}.` : null),
      element("p", {}, foreign(model.value(row, "mono_reason") ?? "")),
      model.picture(row, "heat_maps") ? element("p", { class: "soft" }, "The heat map under the picture shows where.") : null,
      more("Figures behind the verdict", details.mono));
  }

  function honours(row, details) {
    const found = details.ranking;
    if (!found || !found.status) return null;
    const value = (name) => base.words(model.value(row, name), model.column(name));
    if (found.status !== "ranked") return part("Ranking", element("p", {}, "Not ranked: ", foreign(found.reason ?? "no reason given")));
    const awards = [found.placing, found.band].filter(Boolean).map((text) => element("span", { class: "chip award" }, foreign(text)));
    const lines = [
      [`Rank ${found.rank} of ${found.rank_of}`, model.value(row, "category")],
      found.mark === undefined ? null : [`Mark ${value("mark")}`],
      found.playoff_strength === undefined ? null
        : [`Playoff: won ${found.playoff_wins} of ${found.playoff_matches} comparisons; strength ${value("playoff_strength")} (95 %: ${value("playoff_low")} to ${value("playoff_high")})`],
      found.accepted === undefined ? null : [found.accepted ? "Accepted" : "Not accepted"],
    ].filter(Boolean);
    return part("Ranking", awards.length ? element("p", { class: "chips" }, awards) : null,
      lines.map(([text, category]) => element("p", {}, text, category ? [", ", foreign(category)] : null)),
      found.notice ? element("p", { class: "notice" }, foreign(found.notice)) : null);
  }

  // A model's words are a stranger's text: shown as such, never as ours.
  function critique(details) {
    const found = details.critique;
    if (!found || !found.status) return null;
    const { critique: words, status, error, raw_reply: raw, notice, score, max_score: most, style, suggested_title: title, ...rest } = found;
    const facts = [score === undefined ? null : ["Score", `${score} of ${most}`], style ? ["Style", style] : null, title ? ["Title it proposes", title] : null].filter(Boolean);
    return part("Critique",
      status === "ok" ? null : element("p", {}, element("span", { class: `chip ${status === "failed" ? "bad" : "plain"}` }, status === "failed" ? "Failed" : "Not judged"), " ", foreign(error ?? "")),
      words ? element("blockquote", {}, words.split(/\n+/).map((text) => element("p", {}, foreign(text)))) : null,
      notice ? element("p", { class: "notice" }, foreign(notice)) : null,
      facts.length ? factsOf(facts) : null,
      raw && status !== "ok" ? element("details", {}, element("summary", {}, "The reply as it came"), element("pre", {}, foreign(raw))) : null,
      more("How it was asked for", rest));
  }

  function rules(row, details) {
    const findings = details.findings ?? [];
    if (!findings.length) return null;
    const order = Object.keys(STATUS);
    const sorted = [...findings].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
    return part("Rules",
      element("p", {}, element("span", { class: `chip ${model.value(row, "compliance_status") === "does not comply" ? "bad" : "good"}` }, model.complianceWords(row) ?? "Not checked")),
      element("ul", { class: "rules" }, sorted.map(rule)),
      (details.fixes ?? []).length ? element("p", {}, `Can be corrected: ${details.fixes.join(" ")}`) : null,
      details.corrected_copy ? element("p", {}, "Corrected copy: ", foreign(details.corrected_copy), ". ", foreign((details.corrected_changes ?? []).join(" "))) : null);
  }

  function rule(finding) {
    const [words, kind] = STATUS[finding.status] ?? [finding.status, "plain"];
    const measured = finding.measured === null ? null : ["found", plain(finding.measured)];
    const pairs = [measured, ["rule", plain(finding.limit)], ["then", SEVERITY[finding.severity]]].filter(Boolean);
    return element("li", {},
      element("div", { class: "rule-head" }, element("span", { class: `chip ${kind}` }, words), element("b", {}, foreign(named(finding.rule)))),
      element("p", {}, foreign(finding.sentence)),
      element("p", { class: "soft" }, pairs.map(([name, text], number) => [number ? "; " : null, `${name}: `, foreign(text)])),
      finding.ruling ? element("p", {}, element("span", { class: `chip ${STATUS[finding.effective]?.[1] ?? "plain"}` }, "Ruling"), " ", foreign(finding.ruling)) : null);
  }

  function file(row, details) {
    const shown = ["image", "title", "author", "category", "format", "bytes", "width", "height", "colour_space", "bit_depth", "camera",
      "taken_at", "software", "digital_source_type", "exif_present", "c2pa_present", "sha256"];
    const own = model.columns.filter((column) => column.source === "list").map((column) => column.name);
    const pairs = [...shown, ...own].map((name) => [model.column(name), model.value(row, name)])
      .filter(([, value]) => value !== null).map(([column, value]) => [column.title, base.words(value, column)]);
    return part("File", factsOf(pairs),
      (model.value(row, "notes") ?? []).map((note) => element("p", {}, foreign(note))),
      more("More about the file", details.facts));
  }

  function failures(details) {
    if (!details.failures.length) return null;
    return part("Failed", details.failures.map(({ step, error_type: kind, error }) => element("p", {},
      element("span", { class: "chip bad" }, `${step}: ${kind.replaceAll("_", " ")}`), " ", foreign(error))));
  }

  return { named, plain, flat, parts: (row, details) => [failures(details), honours(row, details), critique(details), scores(row, details), tones(row, details), mono(row, details), rules(row, details), file(row, details)] };
})();
