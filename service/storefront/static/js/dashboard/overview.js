// The shop at a glance; its counters move by themselves.
import { $, h } from "../dom.js";
import { listen } from "../live.js";
import { ask } from "../net.js";
import { number, panel, state, table, tile, tiles, when } from "./parts.js";

const KINDS = { ok: "good", degraded: "fair", failed: "bad" };
const NAMES = { requests: "Requests", events: "Events", clicks: "Clicks" };
let heard = null;

function counters(found) {
  const rate = (name) => heard?.[name]?.per_s ?? found[`${name}_per_s`];
  return Object.entries(NAMES).map(([name, title]) => h("div", { class: "tile", "data-counter": name }, h("dt", {}, title), h("dd", {}, h("b", {}, number(rate(name), 1)), h("span", {}, "a second"))));
}

async function load() {
  begin();
  const found = await ask("/v1/admin/overview");
  const lag = found.index_waiting ? `the first for ${number(found.index_lag_s)} s` : "nothing waits";
  return [
    tiles(
      tile("Service", found.status === "ok" ? "Works" : found.status === "degraded" ? "Works, poorly" : "Fails", found.demo ? "the demo shop" : found.profile ?? "", KINDS[found.status]),
      ...counters(found),
      tile("Products", number(found.products), `${number(found.indexed)} in the index`),
      tile("Waiting for the index", number(found.index_waiting), lag, found.index_lag_s > 300 ? "bad" : ""),
      tile("Jobs", `${number(found.jobs_running)} running`, `${number(found.jobs_waiting)} waiting, ${number(found.jobs_failed)} failed last`, found.jobs_failed ? "fair" : ""),
      tile("Waiting to be written", number(found.events_waiting + found.impressions_waiting), `${number(found.impressions_dropped)} lists lost`, found.impressions_dropped ? "bad" : ""),
    ),
    panel("Release", h("p", {}, found.release ? ["Answers come from ", h("a", { href: "#releases" }, h("code", {}, found.release)), ", trained ", when(found.release_at), "."] : "No release answers yet: what people did counts only once one was trained.")),
    panel("Parts", table("Parts of the service", [
      { title: "Part", cell: (row) => row.name },
      { title: "State", cell: (row) => state(row.state, KINDS[row.state]) },
      { title: "Why", cell: (row) => row.reason ?? "", wide: true },
    ], found.parts)),
  ];
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
