// What lists are made of: signals and their shares; and who gets the slots.
import { h } from "../dom.js";
import { ask } from "../net.js";
import { lines } from "./chart.js";
import { bar, csv, most, number, panel, percent, table, tile, tiles } from "./parts.js";

async function loadSignals() {
  const path = "/v1/admin/signals";
  const { rows, looked_at: lists } = await ask(path);
  const reasons = (row) => Object.entries(row.missing).map(([why, times]) => `${why.replaceAll("_", " ")}: ${number(times)}`).join(", ");
  const shown = [...new Set(rows.map((row) => row.surface))].filter(Boolean);
  const lost = [...new Map(rows.filter((row) => Object.keys(row.missing).length).map((row) => [row.signal, row])).values()];
  return [
    ...shown.map((surface, at) => {
      const own = rows.filter((row) => row.surface === surface);
      const largest = most(own, "share");
      return panel(`On ${surface}`, { tools: at ? [] : [csv(path, "signals")] }, table(surface, [
        { title: "Signal", cell: (row) => row.signal },
        { title: "Share of the scores", cell: (row) => h("span", { class: "rated" }, h("b", {}, percent(row.share)), bar(row.share, largest)) },
        { title: "Lists it was in", cell: (row) => number(row.lists), right: true },
      ], own));
    }),
    shown.length ? null : panel("Nothing yet", h("p", {}, "No list was shown yet.")),
    panel("Signals that were missing", table("Missing signals", [
      { title: "Signal", cell: (row) => row.signal }, { title: "Requests, by reason", cell: reasons, wide: true },
    ], lost, "All signals took part in every request since this process started.")),
    h("p", { class: "quiet" }, `Of the newest ${number(lists)} lists.`),
  ].filter(Boolean);
}

async function loadCoverage() {
  const path = "/v1/admin/exposure";
  const found = await ask(path);
  const points = found.rows.map((row) => ({ x: row.products, y: row.slots, says: `${percent(row.products, 0)} of the products have ${percent(row.slots)} of the slots` }));
  const loved = found.rows.map((row) => ({ x: row.products, y: row.events, says: `${percent(row.products, 0)} of the products have ${percent(row.events)} of what people did` }));
  const curves = [found.slots ? { name: "slots: what is shown", points } : null, found.events ? { name: "events: what people do, 30 days", points: loved } : null].filter(Boolean);
  return [
    tiles(
      tile("Coverage", percent(found.coverage), `${number(found.shown)} of ${number(found.products)} products were shown`),
      tile("Inequality (Gini)", found.gini === null ? "–" : found.gini.toFixed(2), "0: all as often, 1: one has all"),
      tile("Slots", number(found.slots), `in the newest ${number(found.looked_at)} lists`),
      tile("Products with events", number(found.touched), `${number(found.events)} events in 30 days`),
    ),
    curves.length ? panel("Who is shown, and who is looked at", { tools: [csv(path, "exposure")] }, lines("Share of slots and events by share of products", curves, { top: 1, xText: (value) => percent(value, 0), yText: (value) => percent(value, 0), xTitle: "of the products, those with most first", straight: true }),
      h("details", {}, h("summary", {}, "Figures"), table("Curve", [{ title: "Products", cell: (row) => percent(row.products, 0) }, { title: "Slots", cell: (row) => percent(row.slots), right: true }, { title: "Events", cell: (row) => percent(row.events), right: true }], found.rows)),
      h("p", { class: "quiet" }, "The dashed line is what equal chances would give. Where slots rise faster than events, lists are narrower than people are.")) : panel("Nothing yet", h("p", {}, "No list was shown yet.")),
  ];
}

export const signals = { about: "What each signal gave to what was shown.", load: loadSignals };
export const coverage = { about: "How much of the catalogue people get to see.", load: loadCoverage };
