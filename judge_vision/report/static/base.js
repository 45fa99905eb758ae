// Small tools for the rest: elements, text, numbers. Text from photographs only ever becomes a text node.

const base = (() => {
  // Control characters and those that turn the direction of text could disguise a name: they are shown by their codes.
  const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

  function visible(text) {
    return String(text).replace(HIDDEN, (sign) => `[U+${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}]`);
  }

  // An element with attributes and children; a child is an element, or anything else as text. Null ones are left out.
  function element(name, attributes = {}, ...children) {
    return fill(document.createElement(name), attributes, children);
  }

  function svg(name, attributes = {}, ...children) {
    return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
  }

  function fill(made, attributes, children) {
    for (const [key, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else made.setAttribute(key, value === true ? "" : value);
    }
    return add(made, children);
  }

  // Append children of any depth; text becomes a text node.
  function add(parent, children) {
    parent.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined)
      .map((child) => (child instanceof Node ? child : visible(child))));
    return parent;
  }

  // Text that came with a photograph, kept apart from the direction of the text around it.
  function foreign(text) {
    return element("bdi", {}, text);
  }

  // A wide table scrolls in a place of its own, which the keyboard reaches.
  function scroller(label, ...content) {
    return element("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": label }, content);
  }

  function bytes(count) {
    if (count < 1000) return `${count} bytes`;
    const [size, unit] = count < 1e6 ? [count / 1e3, "kB"] : [count / 1e6, "MB"];
    return `${size.toFixed(size < 10 ? 1 : 0)} ${unit}`;
  }

  // A table's value in words; "–" stands for a value that is not there.
  function words(value, column) {
    if (value === null || value === undefined) return "–";
    if (value === true) return "yes";
    if (value === false) return "no";
    if (Array.isArray(value)) return value.length ? value.join(" ") : "–";
    if (column.name === "bytes") return bytes(value);
    const text = column.type === "float64" ? value.toFixed(column.digits) : String(value);
    return column.unit === "%" || column.unit === "px" ? `${text} ${column.unit}` : text;
  }

  function count(number, noun) {
    return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
  }

  function announce(text) {
    document.getElementById("announce").textContent = text;
  }

  // A page opened from a disk may have no storage, depending on the browser.
  function remember(key, value) {
    try { localStorage.setItem(`judge-vision.${key}`, value); } catch { /* the choice lasts for this visit */ }
  }

  function remembered(key) {
    try { return localStorage.getItem(`judge-vision.${key}`); } catch { return null; }
  }

  return { visible, element, add, svg, foreign, scroller, words, bytes, count, announce, remember, remembered };
})();
