// Failures with their reasons, and photographs that are alike, side by side.

const lists = (() => {
  const { element, foreign } = base;
  const failed = model.everyone.filter((row) => model.value(row, "status") === "failed");
  const { alike } = model.data;

  const link = (row) => element("a", { href: `#photo/${model.data.ids[row]}` }, foreign(model.value(row, "image")));

  function failures() {
    const place = element("section", { id: "view-failures", "aria-label": "Failures" }, element("h2", {}, "Failures"));
    for (const [name, rows] of byKind()) {
      place.append(element("h3", {}, `${evidence.named(name)} (${rows.length})`),
        element("ul", { class: "reasons" }, rows.map((row) => element("li", {}, link(row), element("p", {}, foreign(model.value(row, "error")))))));
    }
    return place;
  }

  function byKind() {
    const found = new Map();
    for (const row of failed) {
      const kind = model.value(row, "error_type");
      if (!found.has(kind)) found.set(kind, []);
      found.get(kind).push(row);
    }
    return found;
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
    const place = element("section", { id: "view-alike", "aria-label": "Look-alikes" }, element("h2", {}, "Look-alikes"),
      element("p", {}, "Photographs that are the same file, or that the competition's rules found to look alike. A person decides whether they are one entry."));
    for (const { kind: found, members, bits } of alike) {
      const words = found === "same_file" ? "The same file" : `Looking alike (perceptual hashes differ by ${bits} of 64 bits at most)`;
      place.append(element("h3", {}, words), element("ul", { class: "cards" }, members.map(side)));
    }
    return place;
  }

  return { failures, alikes, failed: failed.length, alike: alike.length };
})();
