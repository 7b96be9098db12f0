// What was trained, and which of it answers.
import { h } from "../dom.js";
import { ask } from "../net.js";
import { bar, csv, most, number, panel, state, sure, table, tried, when } from "./parts.js";

const KINDS = { live: "good", ready: "fair", training: "fair", failed: "bad", retired: "" };
const PATH = "/v1/admin/releases";

async function load({ again }) {
  const { rows, live } = await ask(PATH);
  const act = async (path, title, says, label, done) => {
    if (!(await sure(title, says, label))) return;
    await tried(() => ask(path, { body: { live }, act: true, tries: 0 }), done);
    document.activeElement?.blur();
    again();
  };
  const promote = (row) => act(`${PATH}/${encodeURIComponent(row.id)}/promote`, "Let this release answer?", `${row.id} answers from the next second on${live ? `, in place of ${live}` : ""}. You can roll back.`, "Let it answer", `${row.id} answers now.`);
  const before = rows.find((row) => row.id === live)?.replaced;
  const back = h("button", { class: "button small", type: "button", disabled: !before, onclick: () => act(`${PATH}/rollback`, "Roll back?", `${before} answers again, in place of ${live}.`, "Roll back", `${before} answers again.`) }, "Roll back");
  const best = most(rows, "ndcg_10");
  return [
    panel("Releases", { tools: [back, csv(PATH, "releases")] }, table("Releases", [
      { title: "Release", cell: (row) => h("code", {}, row.id) },
      { title: "State", cell: (row) => [state(row.status, KINDS[row.status]), row.message ? h("small", { class: "why-failed" }, row.message) : null].filter(Boolean).reduce((box, one) => { box.append(one); return box; }, h("span", { class: "stacked" })) },
      { title: "Answers", cell: (row) => (row.status === "ready" || row.status === "retired" ? h("button", { class: "button plain small", type: "button", "aria-label": `Let ${row.id} answer`, onclick: () => promote(row) }, "Promote") : row.status === "live" ? "now" : "") },
      { title: "Trained", cell: (row) => when(row.created_at) },
      { title: "NDCG@10", cell: (row) => (row.ndcg_10 === null ? "–" : h("span", { class: "rated" }, h("b", {}, row.ndcg_10.toFixed(4)), bar(row.ndcg_10, best))) },
      { title: "Hit rate@10", cell: (row) => (row.hit_rate_10 === null ? "–" : row.hit_rate_10.toFixed(4)), right: true },
      { title: "Interactions", cell: (row) => number(row.interactions), right: true },
    ], rows, "None was trained yet. Jobs can train one now.")),
    ...rows.slice(0, 6).filter((row) => Object.keys(row.metrics).length).map(measures),
  ];
}

function measures(row) {
  const signals = Object.entries(row.metrics).map(([name, one]) => ({ name, ...one })).toSorted((a, b) => (b.ndcg_10 ?? 0) - (a.ndcg_10 ?? 0));
  const best = most(signals, "ndcg_10");
  return h("details", { class: "panel block" }, h("summary", {}, "Signals of ", h("code", {}, row.id)), table(`Signals of ${row.id}`, [
    { title: "Signal", cell: (one) => one.name },
    { title: "NDCG@10", cell: (one) => h("span", { class: "rated" }, h("b", {}, (one.ndcg_10 ?? 0).toFixed(4)), bar(one.ndcg_10, best)) },
    { title: "Hit rate@10", cell: (one) => (one.hit_rate_10 ?? 0).toFixed(4), right: true },
  ], signals));
}

export const releases = { about: "Each training makes a release; one of them answers.", load, every: 20 };
