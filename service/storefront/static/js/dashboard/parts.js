// Tables, bars and tiles: what the sections are made of. Every chart stands beside, or in, a table with its figures.
import { $, h, toast } from "../dom.js";
import { Trouble } from "../net.js";
import { proof } from "../tokens.js";

export const number = (value, digits = 0) => (value === null || value === undefined ? "–" : value.toLocaleString("en", { maximumFractionDigits: digits }));
export const percent = (value, digits = 1) => (value === null || value === undefined ? "–" : `${(value * 100).toFixed(digits)} %`);
export const ms = (value) => `${number(value, value < 1 ? 2 : value < 10 ? 1 : 0)} ms`;
export const when = (text) => (text ? h("time", { datetime: text, title: text }, new Date(text).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" })) : "–");

/** A part of the page with a heading and its buttons. */
export function panel(title, ...children) {
  const extra = children[0]?.tools ? children.shift().tools : [];
  return h("section", { class: "panel block" }, h("div", { class: "block-head" }, h("h2", {}, title), h("div", { class: "block-tools" }, extra)), children);
}

/**
 * A table. `columns` are {title, cell(row), right: for numbers}; a cell is text or an element.
 */
export function table(caption, columns, rows, empty = "Nothing yet.") {
  if (!rows.length) return h("p", { class: "quiet none" }, empty);
  return h("div", { class: "table-frame", tabindex: 0, role: "region", "aria-label": caption }, h("table", { class: "figures" }, h("caption", { class: "unseen" }, caption),
    h("thead", {}, h("tr", {}, columns.map((one) => h("th", { scope: "col", class: one.right && "right" }, one.title)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, columns.map((one, at) => h(at ? "td" : "th", { scope: at ? false : "row", class: [one.right && "right", one.wide && "wide-cell"].filter(Boolean).join(" ") || false }, one.cell(row))))))));
}

/** A bar from 0 to `most`; with an interval it has whiskers. Its figure stands in the cell beside. */
export function bar(value, most, { low, high } = {}) {
  const share = (one) => `${most ? Math.min(100, Math.max(0, (one / most) * 100)) : 0}%`;
  return h("span", { class: "meter", "aria-hidden": "true" }, h("i", { "--to": share(value ?? 0) }),
    low === undefined || low === null ? null : h("b", { "--from": share(low), "--to": share(high) }));
}

export const most = (rows, ...names) => Math.max(0, ...rows.flatMap((row) => names.map((name) => row[name] ?? 0)));

/** A large figure with a name. */
export function tile(name, figure, note = "", kind = "") {
  return h("div", { class: `tile ${kind}` }, h("dt", {}, name), h("dd", {}, h("b", {}, figure), note ? h("span", {}, note) : null));
}

export const tiles = (...made) => h("dl", { class: "tiles" }, made);

export const state = (text, kind) => h("span", { class: `state ${kind}` }, text);

/** A button that saves a list as CSV, as the service writes it. */
export const csv = (path, name) => h("button", { class: "button plain small", type: "button", "aria-label": `${name} as CSV`, onclick: async () => {
  const address = new URL(path, location.origin);
  address.searchParams.set("format", "csv");
  try {
    const answer = await fetch(address, { headers: (await proof()) ?? {}, cache: "no-store" });
    if (!answer.ok) throw new Trouble("That did not work", `The service answered ${answer.status}.`);
    save(await answer.text(), name);
  } catch (trouble) {
    toast(trouble.detail ?? "The service cannot be reached.");
  }
} }, "CSV");

/** The same of rows that are here already; `columns` are [title, row -> value]. */
export const csvOf = (rows, columns, name) => h("button", { class: "button plain small", type: "button", "aria-label": `${name} as CSV`, onclick: () => {
  const cell = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text; // or a spreadsheet would run it
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  save([columns.map(([title]) => title), ...rows.map((row) => columns.map(([, value]) => value(row)))].map((row) => row.map(cell).join(",")).join("\r\n"), name);
} }, "CSV");

function save(text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = h("a", { href: address, download: `${name}.csv` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Ask before something is done: resolves to whether it shall be. */
export function sure(title, says, label) {
  return new Promise((done) => {
    const box = h("dialog", { class: "sheet", "aria-labelledby": "sure-title" },
      h("h2", { id: "sure-title" }, title), h("p", { class: "says" }, says),
      h("form", { method: "dialog", class: "actions" }, h("button", { class: "button", value: "yes" }, label), h("button", { class: "button plain", value: "no" }, "Leave it")));
    box.addEventListener("close", () => { done(box.returnValue === "yes"); box.remove(); });
    document.body.append(box);
    box.showModal();
    $("button[value=no]", box).focus();
  });
}

/** Do something and say what came of it. */
export async function tried(work, said) {
  try {
    const answer = await work();
    if (said) toast(said);
    return answer;
  } catch (trouble) {
    toast(`${trouble.title ?? "That did not work"}. ${trouble.detail ?? ""}`, undefined, 9);
    return null;
  }
}
