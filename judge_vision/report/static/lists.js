// Failures with their reasons, and photographs that are alike, side by side.

const lists = (() => {
  const { element, foreign } = base;
  const failed = model.everyone.filter((row) => model.value(row, "status") === "failed");
  const uncritiqued = model.everyone.filter((row) => ["failed", "not_judged"].includes(model.value(row, "critique_status")));
  const { alike } = model.data;

  const link = (row) => element("a", { href: `#photo/${model.data.ids[row]}` }, foreign(model.value(row, "image")));

  function failures() {
    return [element("h2", {}, "Failures"), failed.length ? kinds(failed, "error") : element("p", {}, "Every photograph was measured."),
      uncritiqued.length ? [element("h2", {}, "Without a critique"), kinds(uncritiqued, "critique_error")] : null];
  }

  // The rows by the kind of their failure, each with its reason.
  function kinds(rows, column) {
    const found = new Map();
    for (const row of rows) {
      const kind = model.value(row, `${column}_type`);
      if (!found.has(kind)) found.set(kind, []);
      found.get(kind).push(row);
    }
    return [...found].map(([kind, those]) => [element("h3", {}, `${evidence.named(kind ?? "unknown")} (${those.length})`),
      element("ul", { class: "reasons" }, those.map((row) => element("li", {}, link(row), element("p", {}, foreign(model.value(row, column) ?? "no reason given")))))]);
  }

  function side(row) {
    const source = model.picture(row);
    return element("li", {}, element("a", { class: "card", href: `#photo/${model.data.ids[row]}` },
      element("span", { class: "mount" }, source
        ? element("img", { src: source, alt: "", loading: "lazy", width: model.value(row, "width"), height: model.value(row, "height") })
        : element("span", { class: "missing" }, "no picture")),
      element("span", { class: "name" }, foreign(model.title(row))),
      element("span", { class: "soft" }, foreign([model.value(row, "author"), model.value(row, "image")].filter(Boolean).join(" · ")))));
  }

  function alikes() {
    return [element("h2", {}, "Look-alikes"),
      element("p", {}, "Photographs that are the same file, or that look alike by their perceptual hash. A person decides whether they are one entry."),
      alike.map(({ kind: found, members, bits }) => {
        const words = found === "same_file" ? "The same file" : `Looking alike (perceptual hashes differ by ${bits} of 64 bits at most)`;
        return [element("h3", {}, words), element("ul", { class: "cards" }, members.map(side))];
      })];
  }

  const badly = failed.length + uncritiqued.filter((row) => model.value(row, "critique_status") === "failed").length;

  return { failures, alikes, failed: badly, alike: alike.length, any: failed.length + uncritiqued.length > 0 };
})();
