// What is done in the background.
import { h } from "../dom.js";
import { ask } from "../net.js";
import { bar, csv, number, panel, percent, state, table, tried, when } from "./parts.js";

const KINDS = { done: "good", running: "fair", queued: "", failed: "bad" };
const ABOUT = { popular: "Count what is popular", training: "Train a release", embeddings: "Compare index and database", content: "Learn the catalogue's words", privacy: "Let go what is too old" };

async function load({ again }) {
  const found = await ask("/v1/admin/jobs?n=100");
  const run = async (name, button) => {
    button.disabled = true;
    await tried(() => ask("/v1/admin/jobs", { body: { name }, act: true, tries: 0 }), `${ABOUT[name]}: it begins within a minute.`);
    button.disabled = false;
    button.blur();
    again();
  };
  return [
    // the second click of a double click may come when the first was answered already
    panel("Run now", h("div", { class: "runs" }, found.can_run.map((name) => h("button", { class: "button plain small", type: "button", onclick: (event) => event.detail < 2 && run(name, event.currentTarget) }, ABOUT[name] ?? name)))),
    panel("Runs", { tools: [csv("/v1/admin/jobs?n=1000", "jobs")] }, table("Jobs", [
      { title: "Job", cell: (row) => row.name },
      { title: "State", cell: (row) => state(row.status, KINDS[row.status]) },
      { title: "Progress", cell: (row) => (row.status === "running" ? h("span", { class: "rated" }, h("b", {}, percent(row.progress, 0)), bar(row.progress, 1)) : row.status === "queued" ? "" : percent(row.progress, 0)) },
      { title: "Began", cell: (row) => when(row.started_at ?? row.scheduled_for) },
      { title: "Took", cell: (row) => (row.seconds === null ? "–" : `${number(row.seconds, 1)} s`), right: true },
      { title: "What came of it", cell: (row) => row.error ?? row.message ?? "", wide: true },
    ], found.rows, "Nothing was done yet.")),
  ];
}

export const jobs = { about: "What is done by itself, and what you want done now.", load, every: 5 };
