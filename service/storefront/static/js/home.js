// The home page: shelves for whoever looks, then a feed without an end and without repeats.
import { card, ghosts } from "./card.js";
import { $, $$, h, productUrl } from "./dom.js";
import { listen } from "./live.js";
import { ask } from "./net.js";
import { blank, exchange, fill, oops, shelf, shelfGhosts, shownIds } from "./shelf.js";
import { rememberOrigin, track } from "./track.js";
import { who } from "./who.js";

const PAGE = 20;
const BY_ITSELF = 4; // pages that come as one scrolls; then a button, so that the end of the page can be reached
const place = $("[data-shelves]");
const feed = $("[data-feed]");
const grid = $("[data-feed-grid]");
const end = $("[data-feed-end]");
const seen = new Set();
let isStale = false;
let isLoading = false;
let isDone = false;
let pages = 0;

const heroes = $$("[data-hero]").map((one) => one.dataset.hero);
const shelves = () => ask("/v1/home", { body: { ...who(), shelves: "all", n: 12, explain: true, exclude_ids: heroes } });

function drawn(page) {
  const rows = page.shelves.filter((one) => one.items.length);
  rows.forEach((one) => one.items.forEach((item) => seen.add(item.id)));
  if (!rows.length) return blank("The shelves are still empty", "As soon as the shop has products they appear here.", h("a", { class: "button", href: "/explore" }, "Look around"));
  return rows.map((one, at) => made(one, page, at === 0));
}

function made(one, page, isFirst) {
  const note = isFirst && page.fallback && page.fallback.level !== "personal" ? "We do not know you yet: this is what others like. Look at a few things and it changes." : null;
  const more = one.category ? { label: "See all", href: `/explore?${new URLSearchParams({ category: one.category })}` } : null;
  return shelf({ title: one.title, name: one.category ? `${one.name}:${one.category}` : one.name, items: one.items, more, note, from: { request_id: page.request_id } });
}

async function load() {
  await fill(place, shelfGhosts(3), shelves, drawn);
  const isThere = $(".card", place) !== null;
  feed.hidden = !isThere;
  if (isThere) goOn(true);
}

/** After something was looked at, hidden or bought: ask again, and exchange the shelves in place. */
async function refresh() {
  if (!isStale) return;
  isStale = false;
  try {
    const fresh = drawn(await shelves());
    if (!Array.isArray(fresh)) return;
    const top = scrollY;
    const old = [...place.children];
    fresh.forEach((one, at) => (old[at] ? exchange(old[at], one) : place.append(one)));
    old.slice(fresh.length).forEach((one) => one.remove());
    scrollTo({ top, behavior: "instant" });
  } catch {
    isStale = true; // the old shelves still stand
  }
}

/** Whether more comes by itself: as long as it does, the foot of the page is not there to be pushed away. */
function goOn(isOn) {
  document.body.classList.toggle("endless", isOn);
  watcher.unobserve(end);
  if (isOn) watcher.observe(end); // told at once where it is in sight
}

async function further() {
  if (isLoading || isDone) return;
  isLoading = true;
  const bones = ghosts(PAGE);
  grid.append(...bones);
  end.replaceChildren();
  try {
    const exclude = [...new Set([...seen, ...shownIds()])].slice(-9500);
    const page = await ask("/v1/home", { body: { ...who(), n: PAGE, explain: true, exclude_ids: exclude } });
    bones.forEach((one) => one.remove());
    const fresh = page.items.filter((item) => !seen.has(item.id));
    fresh.forEach((item) => seen.add(item.id));
    grid.append(...fresh.map((item) => card(item, { request_id: page.request_id })));
    isDone = fresh.length === 0;
    if (!grid.children.length) feed.hidden = true;
    else if (isDone) end.replaceChildren(h("p", {}, "You have seen everything there is. ", h("a", { href: "/explore" }, "Look at it another way")));
  } catch (trouble) {
    bones.forEach((one) => one.remove());
    goOn(false);
    end.replaceChildren(oops(trouble, () => { isLoading = false; further(); }));
    return;
  }
  isLoading = false;
  pages += 1;
  goOn(!isDone && pages < BY_ITSELF);
  if (!isDone && pages >= BY_ITSELF) end.replaceChildren(h("button", { class: "button plain", type: "button", onclick: further }, "Show more"));
}

const watcher = new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) further(); }, { rootMargin: "700px" });

document.addEventListener("vitrine:recorded", (event) => {
  isStale = true;
  if (event.detail.some((one) => one.type === "hide" || one.type === "wishlist" || one.type === "cart")) refresh();
});
addEventListener("pageshow", (event) => { if (event.persisted) { isStale = true; refresh(); } });
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") refresh(); });
/** What trends, in one calm line that keeps its place. */
function ticker({ items }) {
  const line = $("[data-ticker]");
  const shown = items.slice(0, 5);
  const is = shown.map((one) => one.id).join();
  if (!shown.length || line.dataset.is === is) return;
  line.dataset.is = is;
  $("ul", line).replaceChildren(...shown.map((one) => h("li", {}, h("a", { href: productUrl(one.id), onclick: () => track("click", { product: one.id }) }, one.name))));
  line.classList.add("on");
}

for (const hero of $$("[data-hero]")) {
  const origin = { request_id: $("[data-request]").dataset.request, position: Number(hero.dataset.position) };
  const followed = () => { rememberOrigin(hero.dataset.hero, origin); track("click", { product: hero.dataset.hero, origin }); };
  hero.addEventListener("click", followed);
  hero.addEventListener("auxclick", followed);
}
heroes.forEach((id) => seen.add(id));
load();
listen({ trending: ticker, feed: () => { isStale = true; if (!document.hidden) refresh(); } });
