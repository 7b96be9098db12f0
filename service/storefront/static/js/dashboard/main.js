// The dashboard: one section at a time, named in the address, so that it can be linked to and gone back to.
import { $, $$, h } from "../dom.js";
import { ask, Trouble } from "../net.js";
import { oops } from "../shelf.js";
import { coverage, signals } from "./made_of.js";
import { engagement, experiments } from "./engagement.js";
import { jobs } from "./jobs.js";
import { mark, overview } from "./overview.js";
import { catalogue, searches, trending } from "./figures.js";
import { releases } from "./releases.js";
import { rules } from "./rules.js";
import { speed } from "./speed.js";
import { traffic } from "./traffic.js";
import { why } from "./why_not.js";

// each: {about, days: the choices of a time, load({days, again}) -> elements, every: seconds until it is asked again}
const SECTIONS = { overview, traffic, speed, engagement, experiments, searches, trending, signals, coverage, releases, jobs, rules, catalogue, why };
const WATCH_MS = 30_000;
const AGAIN_S = 10; // after what was asked for again did not come
const body = $("[data-body]");
const tools = $("[data-tools]");
const stale = $("[data-stale]");
let shown = 0;
let timer = null;
let asOf = "";

function current() {
  const name = location.hash.slice(1);
  return name in SECTIONS ? name : "overview";
}

async function show({ quietly = false } = {}) {
  const name = current();
  const section = SECTIONS[name];
  const turn = ++shown;
  let wait = section.every;
  clearTimeout(timer);
  if (!quietly) begin(name, section);
  try {
    const made = await section.load({ days: Number($("select", tools)?.value ?? 7), again: () => show({ quietly: true }) });
    if (turn !== shown) return;
    if (!quietly || !isBusy()) keepPlace(() => body.replaceChildren(...made));
    fresh(section);
  } catch (trouble) {
    if (turn !== shown) return;
    if (!(trouble instanceof Trouble)) console.error(trouble);
    if (quietly) old(trouble);
    else body.replaceChildren(oops(trouble, () => show()));
    if (!quietly && trouble.passes) wait = AGAIN_S;
  }
  body.removeAttribute("aria-busy");
  if (wait) timer = setTimeout(() => (document.hidden ? later() : show({ quietly: true })), wait * 1000);
}

function later() {
  document.addEventListener("visibilitychange", () => show({ quietly: true }), { once: true });
}

function fresh(section) {
  body.classList.remove("is-old");
  asOf = new Date().toLocaleTimeString("en", { hour12: false });
  stale.replaceChildren();
  const place = $("[data-as-of]", tools);
  if (place) place.textContent = `As of ${asOf}`;
  else if (section.every) tools.prepend(h("span", { class: "as-of", "data-as-of": true }, `As of ${asOf}`));
}

/** Old figures must not pass for new ones: say that they are, and why. */
function old(trouble) {
  body.classList.add("is-old");
  const says = asOf ? `These figures are of ${asOf}; ` : "";
  const sign = h("a", { href: `/sign-in?${new URLSearchParams({ next: `${location.pathname}${location.hash}` })}` }, "Sign in");
  stale.replaceChildren(h("p", {}, h("b", {}, `${trouble.title ?? "That did not work"}. `), `${says}${trouble.status === 401 ? "" : "they are asked for again."} `, trouble.status === 401 ? sign : ""));
}

/** Whether somebody is in the middle of something in there. */
const isBusy = () => Boolean($("dialog[open]")) || (body.contains(document.activeElement) && document.activeElement.matches("input, select, textarea"));

/** Change what is shown, and leave the reader where they are: scrolled, focused, with what they opened. */
function keepPlace(change) {
  const top = scrollY;
  const focused = body.contains(document.activeElement) ? marks(document.activeElement) : null;
  const open = $$("details[open] > summary", body).map((one) => one.textContent);
  change();
  for (const one of $$("details > summary", body)) one.parentElement.open = open.includes(one.textContent);
  if (focused) $$("a, button, summary, [tabindex]", body).find((one) => marks(one) === focused)?.focus({ preventScroll: true });
  scrollTo({ top, behavior: "instant" });
}

const marks = (one) => [one.tagName, one.getAttribute("aria-label") ?? one.textContent].join(" ");

function begin(name, section) {
  const link = $(`[data-section="${name}"]`);
  for (const one of $$("[data-section]")) {
    if (one === link) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  link.scrollIntoView({ block: "nearest", inline: "center" });
  const title = link.firstChild.textContent;
  $("[data-title]").textContent = title;
  document.title = document.title.replace(/^(\(\d+\) )?.*/, (_, many = "") => `${many}${title} · Vitrine`);
  $("[data-about]").textContent = section.about;
  asOf = "";
  body.classList.remove("is-old");
  stale.replaceChildren();
  tools.replaceChildren();
  if (section.days) {
    const choice = h("select", { id: "days", onchange: () => show({ quietly: true }) }, section.days.map((one, at) => h("option", { value: one, selected: at === 0 }, one === 1 ? "Last day" : `Last ${one} days`)));
    tools.append(h("label", { class: "unseen", for: "days" }, "Time"), choice);
  }
  body.setAttribute("aria-busy", "true");
  body.replaceChildren(h("div", { class: "bone tile-bone" }), h("div", { class: "bone tile-bone" }));
}

/** What is wrong is said in every section. */
async function watch() {
  if (current() !== "overview" && !document.hidden) await ask("/v1/admin/alarms", { tries: 0 }).then((found) => mark(found.rows), () => null);
  setTimeout(watch, WATCH_MS);
}

addEventListener("hashchange", () => {
  for (const box of $$("dialog[open]")) box.close();
  show();
  $("#main").focus({ preventScroll: true });
  scrollTo(0, 0);
});
show();
watch();
