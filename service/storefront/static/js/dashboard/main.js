// The dashboard: one section at a time, named in the address, so that it can be linked to and gone back to.
import { $, $$, h } from "../dom.js";
import { Trouble } from "../net.js";
import { oops } from "../shelf.js";
import { coverage, signals } from "./made_of.js";
import { engagement, experiments } from "./engagement.js";
import { jobs } from "./jobs.js";
import { overview } from "./overview.js";
import { catalogue, searches, speed, trending } from "./figures.js";
import { releases } from "./releases.js";
import { rules } from "./rules.js";
import { why } from "./why_not.js";

// each: {about, days: the choices of a time, load(days) -> elements, every: seconds until it is asked again}
const SECTIONS = { overview, engagement, experiments, speed, searches, trending, signals, coverage, releases, jobs, rules, catalogue, why };
const body = $("[data-body]");
const tools = $("[data-tools]");
let shown = 0;
let timer = null;

function current() {
  const name = location.hash.slice(1);
  return name in SECTIONS ? name : "overview";
}

async function show({ quietly = false } = {}) {
  const name = current();
  const section = SECTIONS[name];
  const turn = ++shown;
  clearTimeout(timer);
  if (!quietly) begin(name, section);
  try {
    const made = await section.load({ days: Number($("select", tools)?.value ?? 7), again: () => show({ quietly: true }) });
    if (turn !== shown) return;
    if (!quietly || !isBusy()) keepPlace(() => body.replaceChildren(...made));
  } catch (trouble) {
    if (turn !== shown) return;
    if (!(trouble instanceof Trouble)) console.error(trouble);
    if (!quietly) body.replaceChildren(oops(trouble, () => show()));
  }
  body.removeAttribute("aria-busy");
  if (section.every) timer = setTimeout(() => (document.hidden ? wait() : show({ quietly: true })), section.every * 1000);
}

function wait() {
  document.addEventListener("visibilitychange", () => show({ quietly: true }), { once: true });
}

/** Whether somebody is in the middle of something in there. */
const isBusy = () => body.contains(document.activeElement) || Boolean($("dialog[open]"));

function keepPlace(change) {
  const top = scrollY;
  change();
  scrollTo({ top, behavior: "instant" });
}

function begin(name, section) {
  const link = $(`[data-section="${name}"]`);
  for (const one of $$("[data-section]")) one.toggleAttribute("aria-current", one === link);
  link.scrollIntoView({ block: "nearest", inline: "center" });
  $("[data-title]").textContent = link.textContent;
  document.title = `${link.textContent} · Vitrine`;
  $("[data-about]").textContent = section.about;
  tools.replaceChildren();
  if (section.days) {
    const choice = h("select", { id: "days", onchange: () => show() }, section.days.map((one, at) => h("option", { value: one, selected: at === 0 }, one === 1 ? "Last day" : `Last ${one} days`)));
    tools.append(h("label", { class: "unseen", for: "days" }, "Time"), choice);
  }
  body.setAttribute("aria-busy", "true");
  body.replaceChildren(h("div", { class: "bone tile-bone" }), h("div", { class: "bone tile-bone" }));
}

addEventListener("hashchange", () => { show(); $("#main").focus({ preventScroll: true }); scrollTo(0, 0); });
show();
