// What came of the lists shown: by surface, position, day, and variant of an experiment.
import { h } from "../dom.js";
import { ask } from "../net.js";
import { lines } from "./chart.js";
import { bar, csv, most, number, panel, percent, state, table } from "./parts.js";

const DEEP = 12;
const FEW = 0.1;

const rate = (row, name, low, high, top) => h("span", { class: "rated" }, h("b", {}, percent(row[name], 2)), bar(row[name], top, { low: row[low], high: row[high] }), h("small", {}, row[low] === null ? "" : `${percent(row[low])} to ${percent(row[high])}`));

function columns(rows, first) {
  const click = most(rows, "click_high");
  const sale = most(rows, "conversion_high");
  return [
    ...first,
    { title: "Lists", cell: (row) => number(row.lists), right: true },
    { title: "Visitors", cell: (row) => number(row.visitors), right: true },
    { title: "Click rate", cell: (row) => rate(row, "click_rate", "click_low", "click_high", click) },
    { title: "Conversion", cell: (row) => rate(row, "conversion", "conversion_low", "conversion_high", sale) },
  ];
}

const named = { title: "Where", cell: (row) => row.name.replaceAll("_", " ") };

async function load({ days }) {
  const path = (by) => `/v1/admin/engagement?days=${days}&by=${by}`;
  const [surfaces, shelves, positions, daily] = await Promise.all(["surface", "shelf", "position", "day"].map((by) => ask(path(by))));
  const day = (text) => Date.parse(text) / 86_400_000;
  const points = (rows) => rows.map((row) => ({ x: day(row.name), y: row.click_rate, low: row.click_low, high: row.click_high, says: `${row.name}: ${percent(row.click_rate, 2)}` }));
  const first = new Map(positions.rows.filter((row) => row.position === 1).map((row) => [row.name, row.lists]));
  const shownPlaces = positions.rows.filter((row) => row.position <= DEEP && row.lists >= FEW * first.get(row.name)); // of few lists nothing is known
  const series = [...new Set(shownPlaces.map((row) => row.name))].map((name) => ({
    name, points: shownPlaces.filter((row) => row.name === name).map((row) => ({ x: row.position, y: row.click_rate, low: row.click_low, high: row.click_high, says: `slot ${row.position}: ${percent(row.click_rate, 2)} of ${number(row.lists)}, ${percent(row.click_low)} to ${percent(row.click_high)}` })),
  }));
  const empty = "No list was shown in this time.";
  return [
    panel("By surface", { tools: [csv(path("surface"), "engagement-surface")] }, table("By surface", columns(surfaces.rows, [named]), surfaces.rows, empty)),
    daily.rows.length > 1 ? panel("Click rate by day", { tools: [csv(path("day"), "engagement-day")] }, lines("Click rate by day", [{ name: "all surfaces", points: points(daily.rows) }], { xText: dayText, yText: (value) => percent(value) }),
      h("details", {}, h("summary", {}, "Figures"), table("By day", columns(daily.rows, [{ title: "Day", cell: (row) => row.name }]), daily.rows))) : null,
    series.length ? panel("Click rate by position", { tools: [csv(path("position"), "engagement-position")] }, lines("Click rate by position", series, { xTitle: "slot", yText: (value) => percent(value), ticks: DEEP, whiskers: true }),
      h("details", {}, h("summary", {}, "Figures"), table("By position", columns(positions.rows, [named, { title: "Slot", cell: (row) => row.position, right: true }]), positions.rows))) : null,
    panel("By shelf", { tools: [csv(path("shelf"), "engagement-shelf")] }, table("By shelf", columns(shelves.rows, [named]), shelves.rows, empty)),
    h("p", { class: "quiet" }, "A list counts once as clicked where at least one of its products was clicked, viewed, put aside or bought afterwards, and the event names the answer. Whiskers are 95 % intervals over visitors."),
  ].filter(Boolean);
}

const dayText = (value) => new Date(value * 86_400_000).toLocaleDateString("en", { month: "short", day: "numeric", timeZone: "UTC" });

async function loadExperiments({ days }) {
  const path = `/v1/admin/experiments?days=${days}`;
  const { rows } = await ask(path);
  const kinds = { running: "good", planned: "fair", ended: "", gone: "" };
  return [...new Set(rows.map((row) => row.experiment))].map((name) => {
    const own = rows.filter((row) => row.experiment === name);
    const about = own[0].surfaces.length ? `On ${own[0].surfaces.join(", ")}, with ${percent(own[0].traffic, 0)} of the visitors.` : "It is not in the configuration any more.";
    return panel(name, { tools: [state(own[0].state, kinds[own[0].state]), csv(path, "experiments")] }, h("p", { class: "quiet" }, about),
      table(name, columns(own, [{ title: "Variant", cell: (row) => row.variant }, { title: "Share", cell: (row) => percent(row.share, 0), right: true }]), own));
  }).concat(rows.length ? h("p", { class: "quiet" }, ["Overlapping intervals decide nothing either way: ", h("code", {}, "vitrine eval abtest NAME"), " tests the difference."]) : panel("No experiment", h("p", {}, "An experiment is a section [experiments.NAME] of the configuration: two or more variants of a surface, each with its share of the visitors.")));
}

export const engagement = { about: "Which lists people take something from, and where they buy.", days: [7, 1, 30, 90], load };
export const experiments = { about: "Variants of a surface, side by side.", days: [30, 7, 90], load: loadExperiments };
