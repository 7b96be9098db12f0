// The shop at a glance: first what is wrong with it; its counters move by themselves.
import { $, h } from "../dom.js";
import { listen } from "../live.js";
import { ask } from "../net.js";
import { csv, csvOf, ms, number, panel, percent, state, table, tile, tiles, when } from "./parts.js";

const KINDS = { ok: "good", degraded: "fair", failed: "bad" };
const NAMES = { requests: "Requests", events: "Events", clicks: "Clicks" };
const PART = [["name", (row) => row.name], ["state", (row) => row.state], ["reason", (row) => row.reason]];
let heard = null;

function counters(found) {
  const rate = (name) => heard?.[name]?.per_s ?? found[`${name}_per_s`];
  return Object.entries(NAMES).map(([name, title]) => h("div", { class: "tile", "data-counter": name }, h("dt", {}, title), h("dd", {}, h("b", {}, number(rate(name), 1)), h("span", {}, "a second"))));
}

/** Text in which commands stand between backticks. */
const coded = (text) => text.split("`").map((piece, at) => (at % 2 ? h("code", {}, piece) : piece));

/** What is wrong, each with where to look; or that nothing is. */
function verdict(found) {
  const wrong = found.alarms;
  if (!wrong.length) return h("section", { class: "verdict-box good" }, h("h2", {}, "All is well"), h("p", {}, `Every part works; ${number(found.recent.failed)} of ${number(found.recent.requests)} requests failed in the last ${found.recent.minutes} minutes.`));
  const worst = wrong[0].severity;
  const many = wrong.length === 1 ? "One thing is wrong" : `${number(wrong.length)} things are wrong`;
  return h("section", { class: `verdict-box ${worst}`, "aria-label": "What is wrong" },
    h("div", { class: "block-head" }, h("h2", {}, many), csv("/v1/admin/alarms", "alarms")),
    h("ul", {}, wrong.map((one) => h("li", { class: one.severity },
      h("b", {}, one.section === "overview" ? one.name : h("a", { href: `#${one.section}` }, one.name)), h("span", {}, one.says), h("small", {}, "What to do: ", coded(one.do))))));
}

async function load() {
  begin();
  const found = await ask("/v1/admin/overview");
  mark(found.alarms);
  const { recent } = found;
  const lag = found.index_waiting ? `the first for ${number(found.index_lag_s)} s` : "nothing waits";
  return [
    verdict(found),
    tiles(
      tile("Service", found.status === "ok" ? "Works" : found.status === "degraded" ? "Works, poorly" : "Fails", found.demo ? "the demo shop" : found.profile ?? "", KINDS[found.status]),
      tile("Failed requests", number(recent.failed), recent.requests ? `${percent(recent.failed / recent.requests, 2)} in ${recent.minutes} minutes` : "none came", recent.failed ? "bad" : "good"),
      tile("95 % of lists within", recent.p95_ms === null ? "–" : ms(recent.p95_ms), recent.p95_ms === null ? "none was made" : `in ${recent.minutes} minutes`, recent.p95_ms === null ? "" : recent.p95_ms > 250 ? "bad" : "good"),
      tile("Behind in the index", number(found.index_waiting), lag, found.index_lag_s > 900 ? "bad" : "good"),
      tile("Jobs", `${number(found.jobs_running)} running`, `${number(found.jobs_waiting)} waiting, ${number(found.jobs_failed)} failed last`, found.jobs_failed ? "fair" : ""),
      tile("To be written", number(found.events_waiting + found.impressions_waiting), `${number(found.impressions_dropped)} lists lost`, found.impressions_dropped ? "bad" : ""),
      tile("Products", number(found.products), `${number(found.indexed)} in the index`),
      ...counters(found),
    ),
    panel("Release", h("p", {}, found.release ? ["Answers come from ", h("a", { href: "#releases" }, h("code", {}, found.release)), ", trained ", when(found.release_at), "."] : "No release answers yet: what people did counts only once one was trained.")),
    panel("Parts", { tools: [csvOf(found.parts, PART, "parts")] }, table("Parts of the service", [
      { title: "Part", cell: (row) => row.name },
      { title: "State", cell: (row) => state(row.state, KINDS[row.state]) },
      { title: "Why", cell: (row) => coded(row.reason ?? ""), wide: true },
    ], found.parts)),
  ];
}

/** Say in the list of sections, and in the browser's tab, how many things are wrong. */
export function mark(wrong) {
  const place = $("[data-alarms]");
  place.hidden = !wrong.length;
  place.textContent = wrong.length || "";
  place.className = `count ${wrong[0]?.severity ?? ""}`;
  place.setAttribute("aria-label", `${wrong.length} wrong`);
  document.title = `${wrong.length ? `(${wrong.length}) ` : ""}${document.title.replace(/^\(\d+\) /, "")}`;
}

let isListening = false;
function begin() {
  if (isListening) return;
  isListening = true;
  listen({ counters: (said) => {
    heard = said;
    for (const name of Object.keys(NAMES)) {
      const place = $(`[data-counter="${name}"] b`);
      if (place && said[name]) place.textContent = number(said[name].per_s, 1);
    }
  } });
}

export const overview = { about: "How the shop is right now.", load, every: 10 };
