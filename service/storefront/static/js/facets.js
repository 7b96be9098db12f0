// The filters beside a list: what there is to choose, with counts, and what is chosen.
import { ATTRIBUTES, titleOf, toggled } from "./address.js";
import { $, calm, h, icon, money } from "./dom.js";

const SHOWN = 8;
const COLOURS = {
  red: "#d1433f", blue: "#3f6fc4", green: "#3f9a5f", white: "#ffffff", black: "#1d1d1f", yellow: "#f3c93f", orange: "#ee8b3a", pink: "#ef9fbf", purple: "#8a63b8",
  brown: "#8a5a3b", beige: "#e3d2b3", grey: "#9a9da1", gray: "#9a9da1", silver: "#c7ccd1", gold: "#d4af52", navy: "#24365f", turquoise: "#45b8b0", teal: "#2b7f7b",
  cream: "#f6ecd6", burgundy: "#7a2438", olive: "#7d7b3c", multicolour: "conic-gradient(#d1433f, #f3c93f, #3f9a5f, #3f6fc4, #8a63b8, #d1433f)",
};
COLOURS.multi = COLOURS.multicolor = COLOURS.multicolour;

const open = new Set(["category", "price", "brand", "attributes.colour"]);
const all = new Set();

/** Draw the facets of an answer; `change` is told the next state. */
export function drawFacets(form, facets, state, currency, change) {
  const kept = document.activeElement?.closest?.("[data-facets]") ? document.activeElement.id : "";
  const parts = [
    category(facets.category, state, change),
    price(facets.price, state, currency, change),
    choices("brand", facets.brand, state, change),
    ...ATTRIBUTES.map((field) => (titleOf(field) === "Colour" || titleOf(field) === "Color" ? colours : choices)(field, facets[field], state, change)),
    rating(facets.rating, state, change),
    stock(state, change),
  ];
  form.replaceChildren(...parts.filter(Boolean));
  if (kept) document.getElementById(kept)?.focus({ preventScroll: true });
}

function block(field, title, ...content) {
  const made = h("details", { class: "facet", open: open.has(field) }, h("summary", {}, title), content);
  made.addEventListener("toggle", () => (made.open ? open.add(field) : open.delete(field)));
  return made;
}

const nameOf = (value) => String(value).split(" > ").at(-1);

function box(field, value, count, state, change, label = nameOf(value)) {
  const id = `f-${field}-${value}`;
  return h("label", { class: "option" },
    h("input", { type: "checkbox", id, checked: state.many[field].includes(String(value)), onchange: () => change(toggled(state, field, String(value))) }),
    h("span", {}, label), h("small", {}, count === null ? "" : count.toLocaleString("en")));
}

function category(facet, state, change) {
  if (!facet?.values.length && !state.many.category.length) return null;
  const row = (one) => {
    const isOpen = one.children.length && (state.many.category.some((path) => path === one.value || path.startsWith(`${one.value} > `)) || (facet.values.length === 1 && one === facet.values[0]));
    return h("li", {}, box("category", one.value, one.count, state, change), isOpen ? h("ul", {}, one.children.map(row)) : null);
  };
  return block("category", "Category", h("ul", {}, (facet?.values ?? []).map(row)));
}

/** Chosen values stay in sight though nothing has them any more. */
function withChosen(facet, chosen) {
  const values = facet?.values ?? [];
  const there = new Set(values.map((one) => String(one.value)));
  return [...values, ...chosen.filter((value) => !there.has(value)).map((value) => ({ value, count: 0, children: [] }))];
}

function choices(field, facet, state, change) {
  const values = withChosen(facet, state.many[field]);
  if (!values.length) return null;
  const list = h("ul", {});
  const draw = () => {
    const shown = all.has(field) ? values : values.filter((one, at) => at < SHOWN || state.many[field].includes(String(one.value)));
    list.replaceChildren(...shown.map((one) => h("li", {}, box(field, one.value, one.count, state, change, String(one.value)))));
  };
  draw();
  const more = values.length > SHOWN && !all.has(field)
    ? h("button", { class: "link more-options", type: "button", onclick: () => { all.add(field); draw(); more.remove(); $("li:nth-child(9) input", list)?.focus(); } }, `Show all ${values.length}`)
    : null;
  return block(field, titleOf(field), list, more);
}

function colours(field, facet, state, change) {
  const values = withChosen(facet, state.many[field]);
  if (!values.length) return null;
  if (!values.every((one) => COLOURS[String(one.value).toLowerCase()])) return choices(field, facet, state, change);
  return block(field, titleOf(field), h("ul", { class: "swatches" }, values.map((one) => h("li", {}, h("label", { class: "swatch", title: `${one.value} (${one.count})` },
    h("input", { type: "checkbox", id: `f-${field}-${one.value}`, "aria-label": `${one.value}, ${one.count} products`, checked: state.many[field].includes(String(one.value)), onchange: () => change(toggled(state, field, String(one.value))) }),
    h("i", { "--swatch": COLOURS[String(one.value).toLowerCase()] }))))));
}

function price(facet, state, currency, change) {
  if (typeof facet?.low !== "number" || typeof facet.high !== "number") return null;
  const low = Math.floor(Math.min(facet.low, state.low ?? facet.low));
  const high = Math.ceil(Math.max(facet.high, state.high ?? facet.high, state.low ?? facet.high));
  if (high - low < 1) return null;
  const step = [1, 2, 5, 10, 20, 50, 100, 500, 1000, 10000].find((one) => (high - low) / one <= 200) ?? 50000;
  const from = Math.max(low, state.low ?? low);
  const to = Math.min(high, state.high ?? high);
  const says = [h("span", {}), h("span", {})];
  const slider = h("div", { class: "slider" });
  const range = (id, label, value) => h("input", { type: "range", id, min: low, max: high, step: "any", value, "aria-label": label, oninput: moved, onchange: () => settled(), onkeydown: keyed });
  const inputs = [range("f-price-low", "Lowest price", from), range("f-price-high", "Highest price", to)];
  const percent = (value) => `${((value - low) / (high - low)) * 100}%`;
  const round = (value) => Math.round(value / step) * step;
  const values = () => inputs.map((input) => Number(input.value));
  function show() {
    const [a, b] = values();
    slider.style.setProperty("--from", percent(a));
    slider.style.setProperty("--to", percent(b));
    [a, b].forEach((value, at) => {
      const text = money(Math.round(value), currency).replace(/\.00$/, "");
      says[at].textContent = text;
      inputs[at].setAttribute("aria-valuetext", text);
    });
  }
  function moved(event) {
    const [a, b] = values();
    if (a > b) event.target.value = event.target === inputs[0] ? b : a;
    show();
  }
  function keyed(event) {
    const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    event.target.value = Math.min(high, Math.max(low, round(Number(event.target.value)) + way * step));
    moved(event);
    settled();
  }
  const settled = calm(() => {
    const [a, b] = values();
    const next = { ...state, low: a <= low + step / 2 ? null : round(a), high: b >= high - step / 2 ? null : round(b), pages: 1 };
    if (next.low !== state.low || next.high !== state.high) change(next);
  }, 250);
  slider.append(...inputs);
  show();
  return block("price", "Price", slider, h("p", { class: "slider-says" }, says));
}

function rating(facet, state, change) {
  const rows = (facet?.ranges ?? []).filter((one) => one.gte >= 3 && one.count);
  if (!rows.length && state.rating === null) return null;
  const radio = (value, label, count) => h("li", {}, h("label", { class: "option" },
    h("input", { type: "radio", name: "rating", id: `f-rating-${value}`, checked: state.rating === value, onchange: () => change({ ...state, rating: value, pages: 1 }) }),
    h("span", {}, label), h("small", {}, count === null ? "" : count.toLocaleString("en"))));
  return block("rating", "Rating", h("ul", {}, radio(null, "Any", null), rows.map((one) => radio(one.gte, [icon("star"), ` ${one.gte} and up`], one.count))));
}

function stock(state, change) {
  return h("div", { class: "facet" }, h("label", { class: "option" },
    h("input", { type: "checkbox", id: "f-stock", checked: state.stock, onchange: () => change({ ...state, stock: !state.stock, pages: 1 }) }), h("span", {}, "In stock only")));
}

/** Chips of all that narrows a list down, each taken off by a click. */
export function drawChips(place, state, understood, currency, change, clear) {
  const made = [];
  const chip = (label, says, next, kind = "") => made.push(h("li", {}, h("button", { class: `chip ${kind}`.trim(), type: "button", "aria-label": `Remove ${says}`, onclick: () => change(next) }, h("span", {}, label), icon("x"))));
  for (const trait of understood?.traits ?? []) {
    const label = trait.effect === "filter" ? `“${trait.words}” as ${trait.kind}` : `“${trait.words}” first`;
    chip(label, `the reading of ${trait.words} as ${trait.kind}`, { ...state, ignore: [...new Set([...state.ignore, trait.kind])], pages: 1 }, "read");
  }
  for (const [field, values] of Object.entries(state.many)) for (const value of values) chip(nameOf(value), `filter ${value}`, toggled(state, field, value));
  if (state.low !== null || state.high !== null) chip(priceText(state, currency), "the price filter", { ...state, low: null, high: null, pages: 1 });
  if (state.rating !== null) chip(`${state.rating} stars and up`, "the rating filter", { ...state, rating: null, pages: 1 });
  if (state.stock) chip("In stock", "the stock filter", { ...state, stock: false, pages: 1 });
  if (clear && made.length > 1) made.push(h("li", {}, h("button", { class: "chip all", type: "button", onclick: () => change(clear) }, "Clear all")));
  place.replaceChildren(...made);
}

function priceText(state, currency) {
  const text = (value) => money(value, currency).replace(/\.00$/, "");
  if (state.low === null) return `up to ${text(state.high)}`;
  return state.high === null ? `from ${text(state.low)}` : `${text(state.low)} to ${text(state.high)}`;
}
