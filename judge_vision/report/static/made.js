// How this was made: models, versions, settings, and how long the jobs took.

const made = (() => {
  const { element, foreign } = base;
  const { made: facts } = model.data;

  function pairs(rows, caption) {
    return element("table", { class: "pairs" }, element("caption", {}, caption),
      element("tbody", {}, rows.map(([name, value]) => element("tr", {}, element("th", { scope: "row" }, foreign(name)), element("td", {}, foreign(value))))));
  }

  function models() {
    const { bundle } = facts;
    const rows = [["Name", `${bundle.name} ${bundle.version}`], ["What it is", bundle.description],
      ["Trained on human ratings", evidence.plain(bundle.human_ratings)], ["Run by", facts.engines.join(", ") || "nothing"]];
    const parts = Object.entries(bundle.models ?? {}).map(([role, model]) =>
      pairs(evidence.flat(model), evidence.named(role)));
    return [element("h3", {}, "Networks"), pairs(rows.filter(([, value]) => value !== undefined), "Bundle"),
      element("div", { class: "columns" }, parts)];
  }

  function later() {
    return facts.later.map(({ step, settings, used }) => [element("h3", {}, { critique: "Critique", ranking: "Ranking" }[step] ?? evidence.named(step)),
      used.length ? pairs(used.map(([name, value]) => [evidence.named(name), value]), "What it was made with") : null,
      settings.length ? element("details", {}, element("summary", {}, base.count(settings.length, "setting")), pairs(settings, `Settings of ${step}`)) : null]);
  }

  // The shards that one engine scored, with what was tried before it.
  function engines(found) {
    if (!found.length) return [];
    const heads = ["Shards", "Photographs", "Scored by", "Tried in vain", "Restarts of the service"];
    const shards = (names) => (names.length > 3 ? `${names[0]} … ${names.at(-1)} (${names.length})` : names.join(", "));
    const restarts = (one) => (one.restarts ? `${one.restarts}: ${one.errors.join("; ")}` : "0");
    const line = (one) => [shards(one.shards), one.photographs, one.scored_by.join(", ") || "–",
      one.failures.join("; ") || "–", restarts(one)];
    return [base.scroller("Engines", element("table", { class: "grid", id: "engines" },
      element("caption", {}, "Which engine scored which shards, and what was tried before."),
      element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, found.map((one) => element("tr", {}, line(one).map((cell, number) =>
        element(number ? "td" : "th", number ? {} : { scope: "row" }, foreign(cell))))))))];
  }

  function times(found) {
    if (!found.length) return [element("p", {}, "No job left its times.")];
    const heads = ["Step", "Jobs", "Photographs", "From the cache", "Failed", "Seconds", "Photographs a second"];
    const line = (one) => {
      const fresh = one.photographs - one.cached;
      const rate = fresh && one.seconds ? (fresh / one.seconds).toFixed(1) : "–";
      return [one.step, one.jobs, one.photographs, one.cached, one.failed, one.seconds, rate];
    };
    return [base.scroller("Times", element("table", { class: "grid small" },
      element("caption", {}, "The last job on each shard, added up; jobs side by side count each."),
      element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, found.map((one) => element("tr", {}, line(one).map((cell, number) =>
        element(number ? "td" : "th", number ? { class: "number" } : { scope: "row" }, cell)))))))];
  }

  function leftAside() {
    const left = Object.entries(model.data.skipped).filter(([, number]) => number);
    return left.length ? element("p", {}, `Left aside, because they are no photographs: ${left.map(([kind, number]) => `${kind.replaceAll("_", " ")} (${number})`).join(", ")}.`) : null;
  }

  // The file with the times is read when someone looks.
  function loadTimes(place) {
    model.part("run").then((found) => place.replaceChildren(...times(found.steps), ...engines(found.engines)),
      (error) => place.replaceChildren(element("p", {}, error.message)));
  }

  function show() {
    const clock = element("div", { class: "stack" }, element("p", {}, "…"));
    const place = element("section", { id: "view-made", "aria-label": "How this was made" }, element("h2", {}, "How this was made"),
      element("p", {}, `Every figure is in stage1.parquet beside this page's folder (table version ${facts.schema_version}). The settings and hashes below are its metadata.`),
      leftAside(), models(), later(), element("h3", {}, "Times and engines"), clock, element("h3", {}, "Libraries"), pairs(Object.entries(facts.libraries), "Versions that can change a figure"),
      element("h3", {}, "Settings"), facts.steps.map(({ step, code, settings }) =>
        element("details", {}, element("summary", {}, `${step} (${base.count(settings.length, "setting")})`),
          pairs([...settings, ["code, SHA-256", code]], `Settings of ${step}`))));
    let asked = false;
    return { place, refresh() { if (!asked) { asked = true; loadTimes(clock); } } };
  }

  return { show };
})();
