// Two configurations side by side: sliders on top, the lists they make below, and what differs between them.
import { $, calm, h, money, productUrl, shot } from "./dom.js";
import { ask } from "./net.js";
import { fill, oops } from "./shelf.js";
import { who } from "./who.js";

const N = 12;
const NAMES = { cf: "People with your taste", sequence: "What tends to come next", covisit: "Seen together", text: "Alike in words", image: "Alike in looks", trending: "Popular now", best_value: "Good value", new_arrivals: "New here", searches: "What was searched for", association: "Bought together" };
const place = $("[data-ways]");
const configured = { weights: JSON.parse(place.dataset.weights), lambda: Number(place.dataset.lambda) };
const MOST = Math.max(2, ...Object.values(configured.weights)) * 1.5;
const ways = [way("As configured", configured), way("Another way", { ...configured, weights: { ...configured.weights }, lambda: Math.max(0, configured.lambda - 0.3) })];

function way(title, start) {
  const made = { title, weights: { ...start.weights }, lambda: start.lambda, items: [], turn: 0 };
  const later = calm(() => show(made), 180);
  const slider = (label, most, value, set) => {
    const says = h("output", {}, value.toFixed(2));
    const range = h("input", { type: "range", min: 0, max: most, step: most / 100, value, oninput: () => { says.textContent = Number(range.value).toFixed(2); set(Number(range.value)); later(); } });
    return h("label", { class: "knob" }, h("span", {}, label), range, says);
  };
  made.grid = h("ol", { class: "ranks", "aria-busy": "true" });
  made.note = h("p", { class: "quiet", role: "status" });
  const knobs = h("div", { class: "knobs" });
  const draw = () => knobs.replaceChildren(
    slider("Relevance over variety (λ)", 1, made.lambda, (value) => { made.lambda = value; }),
    ...Object.entries(made.weights).map(([name, value]) => slider(NAMES[name] ?? name.replaceAll("_", " "), MOST, value, (fresh) => { made.weights[name] = fresh; })));
  const reset = h("button", { class: "link", type: "button", onclick: () => { Object.assign(made, { weights: { ...configured.weights }, lambda: configured.lambda }); draw(); show(made); } }, "Reset");
  draw();
  made.panel = h("section", { class: "panel", "aria-label": title }, h("div", { class: "way-top" }, h("h2", {}, title), reset), h("details", { open: innerWidth > 820 }, h("summary", {}, "What counts"), knobs), made.note, made.grid);
  return made;
}

async function show(one) {
  const turn = ++one.turn;
  try {
    const page = await ask("/v1/home", { body: { ...who(), n: N, weights: one.weights, mmr_lambda: one.lambda } });
    if (turn !== one.turn) return;
    one.items = page.items;
    ways.forEach(draw);
  } catch (trouble) {
    if (turn === one.turn) one.grid.replaceChildren(h("li", {}, oops(trouble, () => show(one))));
  }
  one.grid.removeAttribute("aria-busy");
}

function draw(one) {
  const other = ways.find((each) => each !== one);
  const there = new Map(other.items.map((item, at) => [item.id, at]));
  const alone = one.items.filter((item) => !there.has(item.id)).length;
  one.note.textContent = one.items.length ? `${one.items.length - alone} of ${one.items.length} are in both lists.` : "";
  one.grid.replaceChildren(...one.items.map((item, at) => h("li", { class: there.has(item.id) ? false : "alone" },
    h("a", { href: productUrl(item.id) }, shot(item.id, "64px"), h("span", { class: "rank-words" }, h("b", {}, item.name), h("small", {}, item.reason ?? "")), h("span", { class: "rank-cost" }, money(item.price, item.currency), h("small", {}, moved(there.get(item.id), at)))))));
}

function moved(before, at) {
  if (before === undefined) return "only here";
  return before === at ? "same place" : before > at ? `${before - at} up` : `${at - before} down`;
}

const DEEDS = { view: "Looked at", click: "Clicked", cart: "Put in the cart", wishlist: "Wished for", purchase: "Bought", rating: "Rated", search: "Searched for", hide: "Hid" };

async function past() {
  const { user } = who();
  if (!user) {
    const page = await ask("/v1/home", { body: { ...who(), shelves: ["recently_viewed"], n: 24 } });
    return (page.shelves[0]?.items ?? []).map((one) => ({ type: "view", product: one.id }));
  }
  return (await ask(`/v1/users/${encodeURIComponent(user)}/events?days=3650&limit=24`)).events;
}

const drawPast = (rows) => (rows.length ? h("ul", { class: "past-row" }, rows.map((one) => h("li", {}, one.product ? h("a", { href: productUrl(one.product) }, shot(one.product, "96px"), h("small", {}, DEEDS[one.type] ?? one.type)) : h("span", { class: "past-words" }, h("b", {}, one.query), h("small", {}, DEEDS[one.type] ?? one.type)))))
  : h("p", { class: "quiet" }, "Nothing yet: become one of the demo's shoppers, or look around first."));

place.append(...ways.map((one) => one.panel));
ways.forEach(show);
fill($("[data-past]"), [h("div", { class: "bone line" })], past, drawPast);
