// How long answers take, and which step takes it.
import { h } from "../dom.js";
import { ask } from "../net.js";
import { stacks } from "./chart.js";
import { bar, csv, most, ms, number, panel, table } from "./parts.js";

function times(caption, rows, first) {
  const slowest = most(rows, "p95_ms");
  return table(caption, [
    ...first,
    { title: "95 % within", cell: (row) => h("span", { class: "rated" }, h("b", {}, ms(row.p95_ms)), bar(row.p95_ms, slowest)) },
    { title: "Median", cell: (row) => ms(row.p50_ms), right: true },
    { title: "99 % within", cell: (row) => ms(row.p99_ms), right: true },
    { title: "Mean", cell: (row) => ms(row.mean_ms), right: true },
    { title: "Requests", cell: (row) => number(row.requests), right: true },
  ], rows, "Nothing was asked since this process started.");
}

async function load() {
  const [surfaces, steps, routes] = await Promise.all(["surfaces", "steps", "routes"].map((of) => ask(`/v1/admin/traffic/${of}`)));
  const name = { title: "Name", cell: (row) => row.name };
  const of = [...new Set(steps.rows.map((row) => row.within))].sort();
  const byTime = (rows) => rows.toSorted((a, b) => b.mean_ms * b.requests - a.mean_ms * a.requests);
  return [
    of.length ? panel("Where the time goes", stacks(of.map((surface) => stack(surface, steps.rows)), ms), h("p", { class: "quiet" }, "Means of the steps of a request.")) : null,
    panel("By surface", { tools: [csv("/v1/admin/traffic/surfaces", "traffic-surfaces")] }, times("By surface", surfaces.rows, [name])),
    ...of.map((surface, at) => panel(surface === "none" ? "Steps of other requests" : `Steps of ${surface}`, { tools: at ? [] : [csv("/v1/admin/traffic/steps", "traffic-steps")] }, times(`Steps of ${surface}`, byTime(steps.rows.filter((row) => row.within === surface)), [name]))),
    panel("By route", { tools: [csv("/v1/admin/traffic/routes", "traffic-routes")] }, times("By route", routes.rows, [{ title: "Route", cell: (row) => h("code", {}, `${row.within} ${row.name}`) }])),
  ].filter(Boolean);
}

const label = (surface) => (surface === "none" ? "other requests" : surface);

function stack(surface, rows) {
  const parts = rows.filter((row) => row.within === surface).map((row) => ({ name: row.name, value: row.mean_ms })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { name: label(surface), parts, total: parts.reduce((all, one) => all + one.value, 0) };
}

export const speed = { about: "How long answers take, as this process counted since it started.", load, every: 15 };
