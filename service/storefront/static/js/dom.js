// Makes elements; text is always text, never markup.
const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes, listeners (`onclick`), CSS variables (`--share`) and children (elements, texts, lists). */
export function h(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) made.style.setProperty(name, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** One of the drawings of icons.svg. */
export function icon(name, kind = "") {
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("class", `icon ${kind}`.trim());
  drawn.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  drawn.append(use);
  return drawn;
}

export const $ = (selector, within = document) => within.querySelector(selector);
export const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

/** An amount as people write it; "" where there is none. */
export function money(amount, currency) {
  if (amount === null || amount === undefined) return "";
  const number = (digits) => amount.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  if (!currency) return number(2);
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency }).format(amount);
  } catch {
    return `${currency} ${number(2)}`;
  }
}

export const productUrl = (id) => `/product/${encodeURIComponent(id)}`;
export const pictureUrl = (id, width) => `/v1/products/${encodeURIComponent(id)}/picture?width=${width}`;

/** A product's picture in its frame; the frame keeps its place while it loads, and when there is none. */
export function shot(id, sizes = "(max-width: 500px) 42vw, 212px", extra = {}) {
  const widths = [160, 320, 640];
  return h("div", { class: "shot" }, h("img", {
    src: pictureUrl(id, 320), srcset: widths.map((width) => `${pictureUrl(id, width)} ${width}w`).join(", "), sizes,
    width: 320, height: 320, alt: "", loading: "lazy", decoding: "async", ...extra,
  }));
}

/** What is said for a few seconds; `act` is a {label, run} or {label, href}. */
export function toast(text, act, seconds = 5) {
  const place = $("[data-toasts]");
  const close = () => shown.remove();
  const button = act && (act.href
    ? h("a", { href: act.href }, act.label)
    : h("button", { type: "button", onclick: () => { close(); act.run(); } }, act.label));
  const shown = h("div", { class: "toast" }, h("span", {}, text), button);
  while (place.children.length > 2) place.firstElementChild.remove();
  place.append(shown);
  setTimeout(close, seconds * 1000);
}

/** Waits until nothing has been asked for `ms`. */
export function calm(run, ms) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...values), ms);
  };
}
