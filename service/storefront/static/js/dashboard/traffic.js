// How much goes on: the last hour of this process, and the days of the shop.
import { h } from "../dom.js";
import { ask } from "../net.js";
import { bars, lines } from "./chart.js";
import { csv, ms, number, panel, percent, table, tile, tiles } from "./parts.js";

const RECENT = 5;
const KINDS = [["lists", "Lists shown"], ["visitors", "Visitors"], ["searches", "Searches"], ["views", "Views"], ["clicks", "Clicks"], ["carts", "Put into a cart"], ["wishlists", "Put on a wishlist"], ["purchases", "Purchases"]];

const clock = (text) => new Date(text).toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", hour12: false });
const dayOf = (text) => new Date(text).toLocaleDateString("en", { month: "short", day: "numeric", timeZone: "UTC" });
const sum = (rows, name) => rows.reduce((all, row) => all + row[name], 0);

async function load({ days }) {
  const [{ rows: minutes }, { rows, step_s: step }] = await Promise.all([ask("/v1/admin/minutes"), ask(`/v1/admin/activity?days=${days}`)]);
  const recent = minutes.slice(-RECENT);
  const requests = sum(recent, "requests");
  const failed = sum(recent, "failed");
  const refused = sum(recent, "refused");
  return [
    tiles(
      tile("Requests", number(requests), `in ${RECENT} minutes`),
      tile("Failed", number(failed), requests ? percent(failed / requests, 2) : "of none", failed ? "bad" : "good"),
      tile("Turned away", number(refused), "too many waited", refused ? "bad" : "good"),
    ),
    lastHour(minutes),
    slowest(minutes),
    panel(step === 3600 ? "By the hour" : "By day", { tools: [csv(`/v1/admin/activity?days=${days}`, "activity")] },
      h("div", { class: "multiples" }, KINDS.map(([key, title]) => small(title, rows.map((row) => ({ x: row.at, y: row[key], says: `${step === 3600 ? clock(row.at) : dayOf(row.at)}: ${number(row[key])}` })), sum(rows, key), step === 3600 ? clock : dayOf))),
      figures(rows, step), h("p", { class: "quiet" }, `Of all processes; ${step === 3600 ? "the running hour" : "today (UTC)"} comes last and is not over.`)),
  ].filter(Boolean);
}

function small(title, points, total, xText) {
  const all = title === "Visitors" ? "" : number(total); // whoever comes on two days is one person
  return h("div", {}, h("h3", {}, title, h("span", {}, all)), bars(title, points, { xText, yText: (value) => number(value) }));
}

function lastHour(rows) {
  const points = rows.map((row) => ({ x: row.at, y: row.requests, bad: row.failed, says: `${clock(row.at)}: ${number(row.requests)} requests, ${number(row.failed)} failed` }));
  const lists = rows.map((row) => ({ x: row.at, y: row.lists, says: `${clock(row.at)}: ${number(row.lists)} lists` }));
  return panel("The last hour", { tools: [csv("/v1/admin/minutes", "minutes")] },
    h("div", { class: "multiples" }, small("Requests a minute", points, sum(rows, "requests"), clock), small("Lists a minute", lists, sum(rows, "lists"), clock)),
    h("p", { class: "quiet" }, "Of this process. What failed is red."));
}

function slowest(rows) {
  const surfaces = [...new Set(rows.flatMap((row) => Object.keys(row.p95_ms)))].sort();
  if (!surfaces.length) return null;
  const at = (row) => Date.parse(row.at);
  const series = surfaces.map((name) => ({ name, points: rows.filter((row) => name in row.p95_ms).map((row) => ({ x: at(row), y: row.p95_ms[name], says: `${clock(row.at)}: ${ms(row.p95_ms[name])}` })) }));
  const [first, last] = [at(rows[0]), at(rows.at(-1))];
  return panel("95 % of the lists were made within", { tools: [] }, lines("Time within which 95 % of the lists were made", series, { xText: clock, yText: ms, span: [first, last] }));
}

function figures(rows, step) {
  return h("details", {}, h("summary", {}, "Figures"), table("Activity", [
    { title: step === 3600 ? "Hour" : "Day", cell: (row) => (step === 3600 ? `${dayOf(row.at)}, ${clock(row.at)}` : row.at.slice(0, 10)) },
    ...KINDS.map(([key, title]) => ({ title, cell: (row) => number(row[key]), right: true })),
  ], rows.toReversed()));
}

export const traffic = { about: "How much goes on, and whether it is answered.", days: [7, 1, 30, 90], load, every: 15 };
