// Explore and search: a list to narrow down, sort and go through; the address holds its whole state.
import { ATTRIBUTES, countOf, filterOf, read, withoutFilters, write } from "./address.js";
import { card, ghosts } from "./card.js";
import { $, $$, h } from "./dom.js";
import { drawChips, drawFacets } from "./facets.js";
import { ask, Trouble } from "./net.js";
import { pictureOf } from "./picture.js";
import { blank, fill, oops, shelf, shelfGhosts } from "./shelf.js";
import { track } from "./track.js";
import { who } from "./who.js";

const PAGE = 24;
const MOST_AT_ONCE = 96;
const SORTS = { relevance: "Best match", popularity: "Most popular", price: "Lowest price", "-price": "Highest price", rating: "Rating", newest: "Newest", discount: "Discount" };
const FACETS = ["category", "brand", "price", "rating", ...ATTRIBUTES];
const isSearch = document.body.dataset.page === "search";
const place = Object.fromEntries(["facets", "chips", "notices", "grid", "more", "count", "sort", "heading", "asked", "filter-count"].map((name) => [name, $(`[data-${name}]`)]));

let state = read();
let asked = null;
let currency = null;
let known = null;
let cameFrom = history.state?.top ?? null; // where one was before a product was opened

/** Go to a state: a new entry of the history, so that the back button comes back here. */
function change(next) {
  state = next;
  const url = write(state);
  if (url !== location.pathname + location.search) history.pushState(null, "", url);
  load();
}

function question(cursor, n) {
  const picture = pictureOf(state.picture);
  const sort = state.sort && state.sort in SORTS ? state.sort : state.q || picture ? "relevance" : "popularity";
  return {
    ...who(), query: state.q, n, sort, explain: true, ignore: state.ignore, correct: !state.asTyped,
    ...(filterOf(state) ? { filter: filterOf(state) } : {}), ...(picture ? { image: picture } : {}), ...(cursor ? { cursor } : { facets: FACETS }),
  };
}

async function load() {
  asked?.abort();
  asked = new AbortController();
  frame();
  if (isSearch && !state.q && !state.picture) return nothingAsked();
  if (state.picture && !pictureOf(state.picture)) return pictureGone();
  place.grid.setAttribute("aria-busy", "true");
  if (!known) place.grid.replaceChildren(...ghosts(12));
  else place.grid.classList.add("waiting");
  place.more.replaceChildren();
  const { signal } = asked;
  try {
    const first = await ask("/v1/search", { body: question(null, Math.min(state.pages * PAGE, MOST_AT_ONCE)), signal });
    if (signal.aborted) return;
    show(first);
  } catch (trouble) {
    if (trouble.name === "AbortError" || signal.aborted) return;
    if (!(trouble instanceof Trouble)) console.error(trouble);
    known = null;
    place.count.textContent = "";
    place.grid.classList.remove("waiting");
    place.grid.replaceChildren();
    place.notices.replaceChildren(oops(trouble, load));
    if (!navigator.onLine) addEventListener("online", load, { once: true });
  }
  place.grid.removeAttribute("aria-busy");
}

function show(answer) {
  known = answer;
  currency = answer.items.find((item) => item.currency)?.currency ?? currency;
  drawFacets(place.facets, answer.facets ?? {}, state, currency, change);
  drawChips(place.chips, state, answer.understood, currency, change, withoutFilters({ ...state, ignore: [] }));
  notices(answer);
  const total = answer.total ?? answer.items.length;
  place.count.textContent = total ? `${answer.total_is_at_least ? "More than " : ""}${total.toLocaleString("en")} product${total === 1 ? "" : "s"}` : "No products";
  // another grid in the place of the bones, so that chips and notices above do not make it jump
  const grid = h("div", { class: "grid", "data-grid": true }, cards(answer, 0));
  place.grid.replaceWith(grid);
  place.grid = grid;
  if (!answer.items.length) place.notices.append(nothingFound());
  document.body.classList.remove("unasked");
  after(answer, answer.items.length);
  if (!answer.items.length) instead();
  if (cameFrom !== null) scrollTo({ top: cameFrom, behavior: "instant" });
  cameFrom = null;
  if (state.picture && answer.items.length < PAGE && !answer.next_cursor && countOf(state) === 0) alike(asked.signal);
}

/** What looks most like a picture beyond the close matches that are counted and sorted. */
async function alike(signal) {
  const { facets, sort, ...rest } = question(null, 2 * PAGE);
  try {
    const answer = await ask("/v1/search", { body: rest, signal });
    const shown = new Set($$(".card", place.grid).map((one) => one.dataset.id));
    const further = answer.items.filter((item) => !shown.has(item.id)).map((item) => card(item, { request_id: answer.request_id, query: state.q || undefined }));
    if (!signal.aborted && further.length) place.more.replaceChildren(h("section", { class: "alike", "aria-label": "Further alike" }, h("h2", {}, "Further alike"), h("div", { class: "grid" }, further)));
  } catch {
    // the close matches are there
  }
}

function cards(answer, before) {
  return answer.items.map((item, at) => card({ ...item, rank: item.rank ?? before + at + 1 }, { request_id: answer.request_id, query: state.q || undefined }));
}

function after(answer, count) {
  if (!answer.next_cursor) {
    place.more.replaceChildren(...(count > PAGE ? [h("p", {}, "That is all.")] : []));
    return;
  }
  const button = h("button", { class: "button plain", type: "button", onclick: async () => {
    button.disabled = true;
    button.textContent = "One moment…";
    await further(answer.next_cursor, count);
  } }, "Show more");
  place.more.replaceChildren(h("p", {}, `${count.toLocaleString("en")} of ${(known.total ?? count).toLocaleString("en")}`), button);
}

async function further(cursor, count) {
  const { signal } = asked;
  try {
    const answer = await ask("/v1/search", { body: question(cursor, PAGE), signal });
    if (signal.aborted) return;
    const shown = new Set($$(".card", place.grid).map((one) => one.dataset.id));
    const fresh = cards(answer, count).filter((one) => !shown.has(one.dataset.id));
    place.grid.append(...fresh);
    $(".card-link", fresh[0])?.focus({ preventScroll: true });
    state = { ...state, pages: state.pages + 1 };
    history.replaceState(null, "", write(state));
    after(answer, count + answer.items.length);
  } catch (trouble) {
    if (trouble.name !== "AbortError") place.more.replaceChildren(oops(trouble, () => further(cursor, count)));
  }
}

function frame() {
  const count = countOf(state);
  place["filter-count"].textContent = String(count);
  place["filter-count"].hidden = count === 0;
  const hasQuestion = Boolean(state.q || state.picture);
  const sorts = Object.entries(SORTS).filter(([name]) => name !== "relevance" || hasQuestion);
  place.sort.replaceChildren(...sorts.map(([name, label]) => h("option", { value: name, selected: name === (state.sort || sorts[0][0]) }, label)));
  place.heading.textContent = heading();
  document.title = `${heading()} · Vitrine`;
  if (isSearch) $("#q").value = state.q;
  const picture = pictureOf(state.picture);
  place.asked?.replaceChildren(...(picture ? [h("img", { src: picture, alt: "Your picture", width: 96, height: 96 }),
    h("p", {}, "Products that look like this. ", h("button", { class: "link", type: "button", onclick: () => (state.q ? change({ ...state, picture: "", pages: 1 }) : location.assign("/explore")) }, "Take the picture away"))] : []));
}

function heading() {
  if (isSearch) return state.q ? `“${state.q}”` : state.picture ? "Search by picture" : "Search";
  const { category, brand } = state.many;
  if (category.length === 1) return category[0].split(" > ").at(-1);
  return brand.length === 1 && !category.length ? brand[0] : "Explore";
}

function notices(answer) {
  const made = [];
  const corrected = Object.entries(answer.understood?.corrected ?? {});
  if (corrected.length) {
    const right = corrected.reduce((text, [typed, meant]) => text.replace(new RegExp(`(?<!\\p{L})${escaped(typed)}(?!\\p{L})`, "giu"), () => meant), state.q);
    made.push(h("p", { class: "typo" }, "Also showing results for ", h("b", {}, right), ". ", h("button", { class: "link", type: "button", onclick: () => change({ ...state, asTyped: true, pages: 1 }) }, `Search only for “${state.q}”`)));
  } else if (state.asTyped) {
    made.push(h("p", { class: "typo" }, "Searched exactly as typed. ", h("button", { class: "link", type: "button", onclick: () => change({ ...state, asTyped: false }) }, "Correct the spelling")));
  }
  const synonyms = Object.entries(answer.understood?.synonyms ?? {}).slice(0, 3);
  if (synonyms.length) made.push(h("p", { class: "typo quiet" }, `Also looked for ${synonyms.map(([, also]) => also.slice(0, 3).join(", ")).join("; ")}.`));
  if (state.ignore.length) made.push(h("p", { class: "typo quiet" }, `Not read as ${state.ignore.join(", ")}. `, h("button", { class: "link", type: "button", onclick: () => change({ ...state, ignore: [] }) }, "Read it so again")));
  if (answer.fallback && isSearch && answer.items.length) made.push(h("p", {}, sentence(answer.fallback.reason)));
  place.notices.replaceChildren(...made);
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

function nothingFound() {
  const actions = [];
  if (countOf(state)) actions.push(h("button", { class: "button", type: "button", onclick: () => change(withoutFilters(state)) }, "Remove all filters"));
  actions.push(h("a", { class: actions.length ? "button plain" : "button", href: "/explore" }, "Explore everything"));
  const text = countOf(state) ? "Nothing meets all of these filters. Fewer of them find more." : "Try fewer or other words, or look around.";
  return blank("Nothing found", text, ...actions);
}

/** Where nothing is found: what the visitor may like all the same. */
function instead() {
  fill(place.more, shelfGhosts(1), () => ask("/v1/home", { body: { ...who(), n: 12, explain: true }, signal: asked.signal }),
    (page) => (page.items.length ? h("div", { class: "instead" }, shelf({ name: "instead", title: "You may like these", items: page.items, from: { request_id: page.request_id } })) : []));
}

function nothingAsked() {
  known = null;
  document.body.classList.add("unasked");
  place.count.textContent = "";
  place.chips.replaceChildren();
  place.grid.replaceChildren();
  place.grid.removeAttribute("aria-busy");
  place.notices.replaceChildren(blank("What are you looking for?", "Type it as you would say it: “warm winter coat under 80”. Or drop a picture anywhere on this page.", h("a", { class: "button", href: "/explore" }, "Explore everything")));
  $("#q").focus();
}

function pictureGone() {
  place.grid.replaceChildren();
  place.grid.removeAttribute("aria-busy");
  place.notices.replaceChildren(blank("The picture is not here any more", "A picture stays in the tab it was chosen in. Please choose it again.",
    ...(state.q ? [h("button", { class: "button", type: "button", onclick: () => change({ ...state, picture: "" }) }, "Search by words only")] : [])));
}

function drawer() {
  const filters = $("#filters");
  const opener = $("[data-filters-open]");
  const set = (isOpen) => {
    filters.classList.toggle("open", isOpen);
    opener.setAttribute("aria-expanded", String(isOpen));
    document.body.style.overflow = isOpen ? "hidden" : "";
    for (const rest of $$(".top, .aisles, .found, .foot, .head")) rest.inert = isOpen;
    (isOpen ? $("[data-filters-close]", filters) : opener).focus();
  };
  opener.addEventListener("click", () => set(true));
  for (const button of $$("[data-filters-close]")) button.addEventListener("click", () => set(false));
  addEventListener("keydown", (event) => { if (event.key === "Escape" && filters.classList.contains("open")) set(false); });
  matchMedia("(min-width: 1021px)").addEventListener("change", (event) => { if (event.matches && filters.classList.contains("open")) set(false); });
}

place.sort.addEventListener("change", () => change({ ...state, sort: place.sort.value, pages: 1 }));
place.facets.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("click", (event) => {
  if (event.target.closest(".card-link")) history.replaceState({ top: scrollY }, "", location.href);
}, true);
addEventListener("popstate", () => { state = read(); load(); });
drawer();
load();
if (isSearch && state.q) track("search", { query: state.q });
