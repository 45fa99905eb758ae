// The table: every column, sorted by a click on its heading.

const table = (() => {
  const { element } = base;
  const PORTION = 100;
  const place = element("section", { id: "view-table", "aria-label": "Table" });
  const body = element("tbody");
  const end = element("div", { class: "end" });
  const watcher = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && more(), { rootMargin: "800px" });
  const headings = new Map();

  function heading(column) {
    const cell = element("th", { scope: "col", title: column.description },
      element("button", { type: "button", onclick: () => filters.sortBy(column.name) }, column.title));
    headings.set(column.name, cell);
    return cell;
  }

  function line(row) {
    return element("tr", {}, model.columns.map((column) => {
      const text = base.words(model.value(row, column.name), column);
      if (column.name === "image") {
        return element("th", { scope: "row" }, element("a", { href: `#photo/${model.data.ids[row]}`, "data-row": row }, base.foreign(text)));
      }
      if (model.isNumber(column)) return element("td", { class: "number" }, text);
      return element("td", {}, element("div", { class: "cut", title: text.length > 24 ? base.visible(text) : null }, base.foreign(text)));
    }));
  }

  function more() {
    const rows = model.chosen().slice(body.children.length, body.children.length + PORTION);
    body.append(...rows.map(line));
    end.hidden = body.children.length >= model.chosen().length;
  }

  function refresh() {
    for (const [name, cell] of headings) {
      if (name !== model.state.sort) cell.removeAttribute("aria-sort");
      else cell.setAttribute("aria-sort", model.state.descending ? "descending" : "ascending");
    }
    body.replaceChildren();
    more();
  }

  function show() {
    place.append(element("h2", { class: "unseen" }, "Table"),
      element("p", { class: "on-paper" }, "The table is wider than paper. The score sheet of this page can be printed; all columns are in stage1.parquet."),
      base.scroller("All columns; scroll sideways",
        element("table", { class: "grid" }, element("thead", {}, element("tr", {}, model.columns.map(heading))), body), end));
    watcher.observe(end);
    return place;
  }

  const focus = (row) => body.querySelector(`[data-row="${row}"]`)?.focus();

  return { show, refresh, focus };
})();
