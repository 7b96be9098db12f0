// Why is, or is not, a product shown to somebody?
import { $, $$, h } from "../dom.js";
import { ask } from "../net.js";
import { oops } from "../shelf.js";
import { bar, csvOf, panel, state, table } from "./parts.js";

const FIELDS = [
  ["product", "Product id", true], ["user", "User id", false], ["session", "Session", false], ["query", "Query", true, "search"], ["anchor", "Similar to which product", true, "similar"],
];

async function load() {
  const answer = h("div", { class: "answer", role: "status" });
  const surface = h("select", { name: "surface", class: "field", onchange: () => fit(form, surface.value) }, ["home", "search", "similar"].map((one) => h("option", { value: one }, one)));
  const form = h("form", { class: "ask", onsubmit: (event) => { event.preventDefault(); explain(form, answer); } },
    h("label", {}, "Surface", surface),
    FIELDS.map(([name, label, required, only]) => h("label", { "data-only": only }, label, h("input", { class: "field", name, required, maxlength: 256, autocapitalize: "none", spellcheck: "false" }))),
    h("button", { class: "button", type: "submit" }, "Ask"));
  fit(form, surface.value);
  return [panel("Ask", form), answer];
}

/** A field stands there where the surface has a use for it; others are not sent. */
function fit(form, surface) {
  for (const label of $$("[data-only]", form)) {
    label.hidden = label.dataset.only !== surface;
    $("input", label).disabled = label.hidden;
  }
}

async function explain(form, place) {
  const body = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value));
  const button = $("button", form);
  button.disabled = true;
  try {
    place.replaceChildren(drawn(await ask("/v1/explain", { body })));
  } catch (trouble) {
    place.replaceChildren(oops(trouble));
  }
  button.disabled = false;
}

function drawn(found) {
  const ranks = Object.entries(found.would_be).map(([signal, rank]) => ({ signal, rank }));
  return panel(found.shown ? `Shown, in slot ${found.rank}` : "Not shown", { tools: [state(found.cause.replaceAll("_", " "), found.shown ? "good" : "bad"), csvOf(ranks, [["signal", (row) => row.signal], ["rank", (row) => row.rank]], "ranks")] },
    h("p", { class: "verdict" }, found.says),
    h("p", { class: "quiet" }, [found.place ? `By its score it stood at ${found.place}. ` : "", `Variant: ${found.variant}. `, found.release ? `Release: ${found.release}.` : "No release."]),
    table("Its rank in each signal", [
      { title: "Signal", cell: (row) => row.signal },
      { title: "Rank among all", cell: (row) => (row.rank === null ? "beyond what is searched" : h("span", { class: "rated" }, h("b", {}, row.rank), bar(1 / Math.sqrt(row.rank), 1))) },
    ], ranks, "No signal was asked."));
}

export const why = { about: "Asks a surface as somebody would, and names the first thing that kept a product out.", load };
