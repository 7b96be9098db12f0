// Rows of cards: while they load, when they are there, and when they cannot be had.
import { card, ghosts } from "./card.js";
import { $, $$, h, icon } from "./dom.js";
import { Trouble } from "./net.js";

let count = 0;

/** A row of cards with its title; `more` is {label, href}. */
export function shelf({ title, items, from, more, note, name }) {
  const id = `shelf-${(count += 1)}`;
  const rail = h("div", { class: "rail", role: "list" }, items.map((item) => h("div", { role: "listitem" }, card(item, from))));
  const back = arrow("left", `Back in ${title}`, rail, -1);
  const on = arrow("right", `Further in ${title}`, rail, 1);
  const tools = h("div", { class: "shelf-tools" }, back, on);
  const made = h("section", { class: "shelf", "aria-labelledby": id, "data-shelf": name },
    h("div", { class: "shelf-top" }, h("h2", { id }, title), more ? h("a", { href: more.href }, more.label) : null, tools),
    note ? h("p", { class: "note" }, note) : null, rail);
  const measure = () => {
    const room = rail.scrollWidth - rail.clientWidth;
    tools.hidden = room < 8;
    back.disabled = rail.scrollLeft < 4;
    on.disabled = rail.scrollLeft > room - 4;
  };
  rail.addEventListener("scroll", measure, { passive: true });
  new ResizeObserver(measure).observe(rail);
  return made;
}

function arrow(way, label, rail, step) {
  return h("button", { class: "ghost round", type: "button", "aria-label": label, onclick: () => {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    rail.scrollBy({ left: step * rail.clientWidth * 0.85, behavior: calm ? "auto" : "smooth" });
  } }, icon(way));
}

/** What stands where shelves will be. */
export function shelfGhosts(n) {
  return Array.from({ length: n }, () => h("section", { class: "shelf", "aria-hidden": "true" },
    h("div", { class: "shelf-top" }, h("div", { class: "bone title" })), h("div", { class: "rail" }, ghosts(8))));
}

/** What went wrong, and a button to try again. */
export function oops(trouble, retry) {
  return h("div", { class: "oops", role: "alert" },
    h("div", {}, h("b", {}, trouble.title ?? "Something went wrong here"), h("p", {}, trouble.detail ?? "Please try again in a moment.")),
    trouble.status === 401 ? h("a", { class: "button small", href: `/sign-in?${new URLSearchParams({ next: location.pathname + location.search })}` }, "Sign in") : null,
    retry ? h("button", { class: trouble.status === 401 ? "button plain small" : "button small", type: "button", "data-retry": true, onclick: retry }, "Try again") : null);
}

/** An empty place that says what to do instead. */
export function blank(title, text, ...actions) {
  const art = icon("spark");
  art.setAttribute("class", "icon art");
  art.setAttribute("viewBox", "0 0 24 24");
  return h("div", { class: "blank" }, h("h2", {}, title), h("p", {}, text), actions.length ? h("p", { class: "actions" }, actions) : null);
}

/**
 * Fill a place with what `get` promises: bones first, then what `draw` makes of it, or what went wrong with a retry.
 */
export async function fill(place, bones, get, draw) {
  if (bones) place.replaceChildren(...bones);
  place.setAttribute("aria-busy", "true");
  try {
    const found = await get();
    place.replaceChildren(...[draw(found)].flat().filter(Boolean));
  } catch (trouble) {
    if (trouble.name === "AbortError") return;
    if (!(trouble instanceof Trouble)) console.error(trouble);
    const again = () => fill(place, bones, get, draw);
    place.replaceChildren(oops(trouble, again));
    if (!navigator.onLine) addEventListener("online", again, { once: true });
  }
  place.removeAttribute("aria-busy");
}

/** Put another shelf in one's place and keep the reader's place in it. */
export function exchange(old, fresh) {
  const focused = old.contains(document.activeElement);
  old.replaceWith(fresh);
  if (focused) $(".card-link", fresh)?.focus({ preventScroll: true });
}

export const shownIds = (within = document) => $$(".card[data-id]", within).map((one) => one.dataset.id);
