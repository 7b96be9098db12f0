// Business rules: written as JSON, looked at by the service, and tried on real requests before they count.
import { $, h } from "../dom.js";
import { ask } from "../net.js";
import { oops } from "../shelf.js";
import { csvOf, number, panel, percent, state, sure, table, tried } from "./parts.js";

const KINDS = { active: "good", running: "good", scheduled: "fair", planned: "fair", expired: "", disabled: "" };
const NEW = { id: "my-rule", name: "What it is for", scope: { surfaces: ["home"] }, condition: { must: [{ field: "tags", match: "sale" }] }, consequence: { kind: "boost", weight: 0.3 }, enabled: false };
const OWN = ["status", "made_at", "updated_at"];

async function load({ again }) {
  const [{ rules: rows }, lint] = await Promise.all([ask("/v1/rules"), ask("/v1/rules/lint", { body: {} })]);
  const columns = [["id", (row) => row.id], ["name", (row) => row.name], ["status", (row) => row.status], ["kind", (row) => row.consequence.kind], ["priority", (row) => row.priority], ["rule", (row) => JSON.stringify(plain(row))]];
  const make = h("button", { class: "button small", type: "button", onclick: () => edit(NEW, true, again) }, "New rule");
  return [
    panel("Rules", { tools: [make, csvOf(rows, columns, "rules")] }, table("Rules", [
      { title: "Rule", cell: (row) => h("span", { class: "stacked" }, h("b", {}, row.name || row.id), h("small", {}, row.id)) },
      { title: "State", cell: (row) => state(row.status, KINDS[row.status] ?? "") },
      { title: "Change", cell: (row) => h("span", { class: "row-tools" },
        h("button", { class: "button plain small", type: "button", "aria-label": `Edit ${row.id}`, onclick: () => edit(plain(row), false, again) }, "Edit"),
        h("button", { class: "button plain small", type: "button", "aria-label": `Switch ${row.id} ${row.enabled ? "off" : "on"}`, onclick: () => change(row, again) }, row.enabled ? "Switch off" : "Switch on")) },
      { title: "Does", cell: (row) => row.consequence.kind.replaceAll("_", " ") },
      { title: "Where", cell: (row) => row.scope.surfaces.join(", ") || "everywhere" },
      { title: "Priority", cell: (row) => row.priority, right: true },
    ], rows, "There is no rule yet.")),
    panel("What looks wrong", { tools: lint.warnings.length ? [csvOf(lint.warnings, [["rules", (row) => row.rules.join(" ")], ["message", (row) => row.message]], "rule-warnings")] : [] }, table("Warnings", [
      { title: "Rules", cell: (row) => row.rules.join(", ") }, { title: "What", cell: (row) => row.message, wide: true },
    ], lint.warnings, `Nothing: ${number(lint.checked)} looked at.`)),
  ];
}

const plain = (row) => Object.fromEntries(Object.entries(row).filter(([name]) => !OWN.includes(name)));
const address = (id) => `/v1/rules/${encodeURIComponent(id)}`;

async function change(row, again) {
  await tried(() => ask(address(row.id), { method: "PATCH", body: { enabled: !row.enabled }, tries: 0 }), row.enabled ? "It is off." : "It is on.");
  document.activeElement?.blur();
  again();
}

function edit(rule, isNew, again) {
  const text = h("textarea", { class: "field code", id: "rule-text", rows: 18, spellcheck: "false", autocapitalize: "none" });
  text.value = JSON.stringify(rule, null, 2);
  const says = h("div", { class: "says", role: "status" });
  const read = () => {
    try {
      return JSON.parse(text.value);
    } catch (error) {
      says.replaceChildren(oops({ title: "That is not JSON", detail: error.message }));
      return null;
    }
  };
  const attempt = (work) => async () => {
    const body = read();
    if (!body) return;
    says.replaceChildren(h("p", { class: "quiet" }, "One moment…"));
    try {
      says.replaceChildren(...[await work(body)].flat());
    } catch (trouble) {
      says.replaceChildren(oops(trouble));
    }
  };
  const button = (label, kind, work) => h("button", { class: `button small ${kind}`, type: "button", onclick: work }, label);
  const save = attempt(async (body) => {
    const { id, ...fields } = body;
    if (isNew) await ask("/v1/rules", { body, tries: 0 });
    else await ask(address(rule.id), { method: "PUT", body: fields, tries: 0 });
    box.close();
    return [];
  });
  const drop = async () => {
    if (!(await sure("Delete this rule?", `${rule.id} is gone for good. Switching it off keeps it.`, "Delete"))) return;
    await tried(() => ask(address(rule.id), { method: "DELETE", tries: 0 }), "Deleted.");
    box.close();
  };
  const box = h("dialog", { class: "sheet wide-sheet", "aria-labelledby": "rule-title" },
    h("h2", { id: "rule-title" }, isNew ? "New rule" : rule.id), h("label", { class: "unseen", for: "rule-text" }, "The rule as JSON"), text, says,
    h("p", { class: "actions" }, button("Save", "", save), button("Check", "plain", attempt(check)), button("Try on real requests", "plain", attempt(dryRun)),
      isNew ? null : button("Delete", "plain", drop), button("Close", "plain", () => box.close())));
  box.addEventListener("close", () => { box.remove(); document.activeElement?.blur(); again(); });
  document.body.append(box);
  box.showModal();
  text.focus();
  text.setSelectionRange(0, 0);
  text.scrollTop = 0;
}

async function check(body) {
  const { warnings } = await ask("/v1/rules/lint", { body: { rules: [body] } });
  const own = warnings.filter((one) => one.rules.includes(body.id ?? "draft"));
  return own.length ? h("ul", { class: "warnings" }, own.map((one) => h("li", {}, one.message))) : h("p", {}, "Nothing looks wrong.");
}

async function dryRun(body) {
  const found = await ask("/v1/rules/dry-run", { body: { rules: [body], limit: 50 } });
  const named = (rows) => rows.slice(0, 5).map((one) => `${one.id} (${one.slates})`).join(", ") || "none";
  return h("dl", { class: "trial" }, [
    ["Requests asked again", number(found.requests)], ["Lists that differ", number(found.changed)], ["Comes", named(found.comes)], ["Leaves", named(found.leaves)],
    ["Relevance lost", percent(found.relevance_lost)], ...Object.entries(found.why_not).slice(0, 4).map(([why, times]) => [why, number(times)]),
  ].map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

export const rules = { about: "What the shop wants shown, or not.", load };
