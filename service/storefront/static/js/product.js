// A product's page: cart, wishlist, and what goes with it; that it was looked at counts for what stands below.
import { addToCart, isWished, toggleWish } from "./basket.js";
import { $, $$, h, icon } from "./dom.js";
import { ask } from "./net.js";
import { fill, shelf, shelfGhosts } from "./shelf.js";
import { originOf, track } from "./track.js";
import { who } from "./who.js";

const PAUSE_MS = 900;
const told = $("[data-product]").dataset;
const product = { id: told.product, name: told.name, price: told.price === "" ? null : Number(told.price), currency: told.currency || null };
const path = `/v1/similar/${encodeURIComponent(product.id)}`;

function stars() {
  for (const row of $$("[data-stars]")) row.append(...[1, 2, 3, 4, 5].map((at) => icon("star", Number(row.dataset.stars) >= at - 0.5 ? "full" : "")));
}

function buttons() {
  const add = $("[data-add]");
  const label = $("span", add);
  add.addEventListener("click", () => {
    if (add.getAttribute("aria-disabled") === "true") return; // the second half of a double click
    add.setAttribute("aria-disabled", "true");
    label.textContent = "Added";
    addToCart(product);
    setTimeout(() => { add.removeAttribute("aria-disabled"); label.textContent = "Add to cart"; }, PAUSE_MS);
  });
  const wish = $("[data-wish]");
  const show = () => {
    wish.setAttribute("aria-pressed", String(isWished(product.id)));
    $("span", wish).textContent = isWished(product.id) ? "On your wishlist" : "Wishlist";
  };
  wish.addEventListener("click", () => { toggleWish(product); show(); });
  document.addEventListener("vitrine:basket", show);
  show();
}

const row = (name, title, get) => {
  const place = h("div", { "data-row": name });
  fill(place, shelfGhosts(1), get, (page) => {
    if (!page?.items.length) return [];
    const items = page.items.map((item) => (item.confidence && typeof item.confidence === "number" ? { ...item, confidence: null, confidence_share: Math.round(item.confidence * 100) } : item));
    return shelf({ name, title: typeof title === "function" ? title(page) : title, items, from: { request_id: page.request_id } });
  });
  return place;
};

const asked = (mode) => () => ask(path, { body: { ...who(), n: 14, explain: true, ...(mode ? { mode } : {}) } });

async function recent() {
  const page = await ask("/v1/home", { body: { ...who(), shelves: ["recently_viewed"], n: 14, explain: true, exclude_ids: [product.id] } });
  return { ...page, items: page.shelves[0]?.items ?? [] };
}

function below() {
  const rows = [
    row("bundle", (page) => (page.fallback ? "Goes well with this" : "Often bought together"), () => ask("/v1/bundle", { body: { products: [product.id], n: 8 } })),
    row("similar", "Similar products", asked()),
  ];
  if ("pictures" in document.body.dataset) rows.push(row("looks", "Looks like this", asked("visual")));
  $("[data-below]").append(...rows, row("recent", "Recently viewed", recent));
}

stars();
buttons();
track("view", { product: product.id, origin: originOf(product.id) });
below();
