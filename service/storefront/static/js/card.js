// A product as a card, with what can be done to it.
import { isWished, toggleWish } from "./basket.js";
import { h, icon, money, productUrl, shot, toast } from "./dom.js";
import { rememberOrigin, track } from "./track.js";

const UNDO_S = 5;
const hiding = new Map();

/**
 * A card. `from` says where it stands: {request_id, query, canHide, canExplain}; its position is the item's rank.
 */
export function card(item, from = {}) {
  const origin = { request_id: from.request_id, position: item.rank, query: from.query };
  const off = saving(item);
  const link = h("a", { class: "card-link", href: productUrl(item.id), onclick: () => followed(item, origin), onauxclick: () => followed(item, origin) },
    frame(item, off),
    h("h3", { class: "card-name", title: item.name }, item.name));
  const made = h("article", { class: item.in_stock === false ? "card gone" : "card", "data-id": item.id },
    link, like(item, origin), cost(item, off), from.bare ? null : foot(item, from, origin));
  return made;
}

/** Cards that stand for some that are still to come. */
export function ghosts(n) {
  return Array.from({ length: n }, () => h("div", { class: "ghost-card", "aria-hidden": "true" },
    h("div", { class: "shot bone" }), h("div", { class: "bone line" }), h("div", { class: "bone line short" })));
}

/** Percent less than it used to be; 0 for none. */
function saving(item) {
  const { price, original_price: before } = item;
  return price !== null && before !== null && before > price ? Math.round((1 - price / before) * 100) : 0;
}

function frame(item, off) {
  const made = shot(item.id);
  if (item.in_stock === false) made.append(h("span", { class: "off" }, "Sold out"));
  else if (off) made.append(h("span", { class: "off" }, `−${off} %`));
  if (typeof item.rating === "number" && item.review_count !== 0) {
    made.append(h("span", { class: "card-stars", role: "img", "aria-label": `${item.rating.toFixed(1)} of 5 stars` }, icon("star"), item.rating.toFixed(1)));
  }
  return made;
}

function cost(item, off) {
  return h("p", { class: "card-cost" },
    h("b", { class: off ? "less" : false }, money(item.price, item.currency) || "Price on request"),
    off ? h("s", {}, h("span", { class: "unseen" }, "instead of "), money(item.original_price, item.currency)) : null);
}

function followed(item, origin) {
  rememberOrigin(item.id, origin);
  track("click", { product: item.id, origin });
}

function like(item, origin) {
  const label = (isOn) => `${isOn ? "On your wishlist" : "Add to wishlist"}: ${item.name}`;
  const button = h("button", { class: "like", type: "button", "data-like": item.id, "aria-pressed": String(isWished(item.id)), "aria-label": label(isWished(item.id)), onclick: () => {
    rememberOrigin(item.id, origin);
    const isOn = toggleWish(item);
    button.setAttribute("aria-pressed", String(isOn));
    button.setAttribute("aria-label", label(isOn));
  } }, icon("heart"));
  return button;
}

function foot(item, from, origin) {
  const why = h("button", { class: "why-button", type: "button", title: item.reason, "aria-haspopup": "dialog", "aria-label": `Why am I seeing ${item.name}? ${item.reason ?? ""}`, onclick: async () => {
    const { explain } = await import("./why.js");
    explain(item, from, () => hide(why.closest(".card"), item, origin));
  } }, icon("info"), h("span", {}, item.source === "catalogue" ? "Why this?" : item.reason || "Why this?"));
  return h("div", { class: "card-foot" }, why,
    h("button", { class: "nope", type: "button", title: "Not interested", "aria-label": `Not interested in ${item.name}`, onclick: () => hide(why.closest(".card"), item, origin) }, icon("hide")));
}

/** Take a card away; the shop is told unless it is undone. */
export function hide(shown, item, origin) {
  if (hiding.has(item.id)) return;
  const next = shown?.nextElementSibling ?? shown?.previousElementSibling;
  const undo = shown ? takeAway(shown) : () => {};
  const tell = () => {
    if (hiding.delete(item.id)) track("hide", { product: item.id, origin });
  };
  hiding.set(item.id, tell);
  setTimeout(tell, UNDO_S * 1000);
  toast("We will not show you this again.", { label: "Undo", run: () => { hiding.delete(item.id); undo(); } }, UNDO_S);
  next?.querySelector(".card-link")?.focus({ preventScroll: true });
}

function takeAway(shown) {
  const place = document.createComment("");
  shown.before(place);
  shown.classList.add("leaving");
  const gone = setTimeout(() => shown.remove(), 200);
  return () => {
    clearTimeout(gone);
    shown.classList.remove("leaving");
    place.replaceWith(shown);
  };
}

addEventListener("pagehide", () => { for (const tell of [...hiding.values()]) tell(); });
document.addEventListener("vitrine:basket", () => {
  for (const button of document.querySelectorAll("[data-like]")) button.setAttribute("aria-pressed", String(isWished(button.dataset.like)));
});
