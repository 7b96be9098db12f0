// A product's page: cart, wishlist, and what goes with it; that it was looked at counts for what stands below.
import { addToCart, isWished, toggleWish } from "./basket.js";
import { $, $$, h, icon } from "./dom.js";
import { gallery } from "./gallery.js";
import { ask } from "./net.js";
import { fill, shelf, shelfGhosts } from "./shelf.js";
import { together, withShares } from "./together.js";
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

const shown = new Set([product.id]);
let before = Promise.resolve();

/** A shelf that waits for those asked for earlier, so that it repeats nothing of theirs; one that failed holds up nobody. */
const row = (name, title, get) => {
  const place = h("div", { "data-row": name });
  const turn = before;
  const inTurn = async () => {
    await turn;
    return get([...shown]);
  };
  before = fill(place, shelfGhosts(1), inTurn, (page) => {
    if (!page?.items.length) return [];
    page.items.forEach((item) => shown.add(item.id));
    return shelf({ name, title: page.title ?? title, items: withShares(page.items), from: { request_id: page.request_id } });
  });
  return place;
};

const asked = (mode) => (exclude_ids) => ask(path, { body: { ...who(), n: 14, explain: true, exclude_ids, ...(mode ? { mode } : {}) } });

async function recent(exclude_ids) {
  const page = await ask("/v1/home", { body: { ...who(), shelves: ["recently_viewed"], n: 14, explain: true, exclude_ids } });
  return { ...page, items: page.shelves[0]?.items ?? [] };
}

/** What one has looked at has its place at the end, but is asked for first: longer shelves would take it. */
function below() {
  const lately = row("recent", "Recently viewed", recent);
  const bundle = row("bundle", "Often bought together", (except) => together([product.id], except));
  const similar = row("similar", "Similar products", asked());
  const looks = "pictures" in document.body.dataset ? row("looks", "Looks like this", asked("visual")) : [];
  $("[data-below]").append(...[bundle, similar, looks, lately].flat());
}

stars();
gallery($("[data-gallery]"));
buttons();
track("view", { product: product.id, origin: originOf(product.id) });
below();
