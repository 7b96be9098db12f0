// Cart, wishlist, and a checkout that takes no money but tells the shop what was bought.
import { addToCart, cart, emptyCart, putBack, setPieces, toggleWish, wishes } from "./basket.js";
import { $, h, icon, money, productUrl, shot, toast } from "./dom.js";
import { ask } from "./net.js";
import { blank, fill, oops, shelfGhosts } from "./shelf.js";
import { drawTogether, together } from "./together.js";
import { originOf, track } from "./track.js";
import { newId } from "./who.js";

const place = $("[data-cart]");
const wishPlace = $("[data-wishes]");
const fresh = new Map();
let order = null;
let isDone = false;

/** Prices and stock of today; a product that is gone is null. */
async function look(ids) {
  await Promise.all(ids.filter((id) => !fresh.has(id)).map(async (id) => {
    try {
      fresh.set(id, await ask(`/v1/products/${encodeURIComponent(id)}`));
    } catch (trouble) {
      if (trouble.status !== 404) throw trouble;
      fresh.set(id, null);
    }
  }));
}

const today = (one) => fresh.get(one.id) ?? one;
const canBuy = (one) => fresh.get(one.id) !== null && today(one).stock !== 0 && today(one).visible !== false;

function line(one) {
  const now = today(one);
  const isThere = canBuy(one);
  const few = isThere && typeof now.stock === "number" && now.stock < one.pieces;
  const set = (pieces) => { setPieces(one.id, pieces); draw(); $(`[data-line="${CSS.escape(one.id)}"] .step button:last-child`)?.focus(); };
  return h("li", { class: "line", "data-line": one.id },
    h("a", { href: productUrl(one.id), tabindex: "-1", "aria-hidden": "true" }, shot(one.id, "92px")),
    h("a", { class: "line-name", href: productUrl(one.id), title: now.name }, now.name),
    h("span", { class: "line-cost" }, money(now.price === null ? null : now.price * one.pieces, now.currency) || "—"),
    h("div", { class: "line-tools" },
      h("span", { class: "step" },
        h("button", { type: "button", "aria-label": `One less of ${now.name}`, disabled: one.pieces <= 1, onclick: () => set(one.pieces - 1) }, "−"),
        h("output", { "aria-label": "Pieces" }, String(one.pieces)),
        h("button", { type: "button", "aria-label": `One more of ${now.name}`, disabled: one.pieces >= 99, onclick: () => set(one.pieces + 1) }, "+")),
      h("button", { class: "link", type: "button", "aria-label": `Remove ${now.name}`, onclick: () => { setPieces(one.id, 0); draw(); toast("Taken out of your cart.", { label: "Undo", run: () => { putBack(one); draw(); } }); } }, "Remove"),
      !isThere ? h("span", { class: "warn" }, "Not available any more") : few ? h("span", { class: "warn" }, `Only ${now.stock} left`) : null));
}

function summary(rows) {
  const bought = rows.filter(canBuy);
  const pieces = bought.reduce((sum, one) => sum + one.pieces, 0);
  const totals = new Map();
  for (const one of bought) totals.set(today(one).currency, (totals.get(today(one).currency) ?? 0) + (today(one).price ?? 0) * one.pieces);
  const total = [...totals].map(([currency, amount]) => money(amount, currency)).join(" + ");
  const pay = h("button", { class: "button large", type: "button", "data-checkout": true, disabled: pieces === 0, onclick: () => { pay.disabled = true; checkout(bought, total); } }, "Buy now");
  return h("aside", { class: "sum", "aria-label": "Summary" },
    h("dl", {}, h("div", {}, h("dt", {}, `${pieces} piece${pieces === 1 ? "" : "s"}`), h("dd", {}, total || "—")), h("div", {}, h("dt", {}, "Delivery"), h("dd", {}, "Free")), h("div", { class: "total" }, h("dt", {}, "Total"), h("dd", {}, total || "—"))),
    pay, h("small", {}, "This is a try-out: nothing is charged and nothing is sent. The shop does learn from it."));
}

async function checkout(rows, total) {
  order ??= newId(); // the same order however often the button was hit
  isDone = true;
  const told = rows.map((one) => track("purchase", { product: one.id, value: one.pieces, origin: originOf(one.id), id: `order-${order}-${one.id}`.slice(0, 128) }));
  emptyCart();
  place.replaceChildren(h("div", { class: "done wide-part", role: "status", tabindex: "-1" }, icon("check"), h("h2", {}, "Thank you"),
    h("p", { class: "quiet" }, `${rows.length} product${rows.length === 1 ? "" : "s"}, ${total}. Order ${order.slice(0, 8)}.`), h("a", { class: "button", href: "/" }, "See what the shop made of it")));
  $(".done").focus();
  await Promise.all(told);
  further(rows.map((one) => one.id));
}

function draw() {
  const rows = cart();
  if (!rows.length) {
    if (!isDone) place.replaceChildren(blank("Your cart is empty", "What you like can wait here.", h("a", { class: "button", href: "/explore" }, "Explore the shop")));
    return;
  }
  isDone = false;
  place.replaceChildren(h("ul", {}, rows.map(line)), summary(rows));
}

function drawWishes() {
  const rows = wishes();
  if (!rows.length) {
    wishPlace.replaceChildren(h("p", { class: "quiet" }, "Nothing yet. The heart on a product puts it here."));
    return;
  }
  wishPlace.replaceChildren(h("ul", {}, rows.map((one) => {
    const now = today(one);
    return h("li", { class: "line" },
      h("a", { href: productUrl(one.id), tabindex: "-1", "aria-hidden": "true" }, shot(one.id, "92px")),
      h("a", { class: "line-name", href: productUrl(one.id), title: now.name }, now.name),
      h("span", { class: "line-cost" }, money(now.price, now.currency)),
      h("div", { class: "line-tools" },
        h("button", { class: "button plain small", type: "button", disabled: !canBuy(one), onclick: () => { order = null; addToCart(now); toggleWish(one); } }, canBuy(one) ? "Move to cart" : "Not available"),
        h("button", { class: "link", type: "button", "aria-label": `Remove ${now.name} from the wishlist`, onclick: () => toggleWish(one) }, "Remove")));
  })));
}

function further(ids) {
  const below = $("[data-below]");
  if (!ids.length) return below.replaceChildren();
  return fill(below, shelfGhosts(1), () => together(ids, wishes().map((one) => one.id)), drawTogether);
}

async function load() {
  draw();
  drawWishes();
  try {
    await look([...cart(), ...wishes()].map((one) => one.id));
    draw();
    drawWishes();
  } catch (trouble) {
    place.prepend(oops(trouble, load)); // what was known when it was put in still shows
  }
  place.removeAttribute("aria-busy");
}

document.addEventListener("vitrine:basket", () => { draw(); drawWishes(); });
load();
further(cart().map((one) => one.id));
