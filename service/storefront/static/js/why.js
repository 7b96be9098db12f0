// The window that says why a product is here.
import { h, icon, money, pictureUrl, productUrl } from "./dom.js";
import { ask } from "./net.js";

const NAMES = {
  cf: "People with your taste", sequence: "What tends to come next", covisit: "Seen together with what you saw", text: "Alike in words",
  image: "Alike in looks", picture: "Looks like your picture", lexical: "Has your words", trending: "Popular now", best_value: "Good value", new_arrivals: "New here",
  searches: "What you searched for", association: "Bought together", tfidf: "Shares rare words", popularity: "Liked by many", taste: "Your brands and prices",
  affinity: "Near to what you liked", viewed: "You looked at it", bought: "You bought it", chosen: "Chosen by the shop", words_held: "Holds all your words",
  exact: "Named outright", cross: "Read closely", rules: "A rule of the shop", preferences: "What you told us", boost: "A wish of this page",
};
const LEVELS = { personal: "From your own past", session: "From this visit", content: "From the product itself", category: "From its category", global: "From all shoppers" };
const GUESTS = { balance: "For balance", serendipity: "A pleasant surprise", explore: "To learn what people like" };

let open = null;

/** Show why; `onHide` runs when the visitor does not want it. */
export function explain(item, from, onHide) {
  open?.close();
  const isPlain = item.source === "catalogue";
  const says = h("p", { class: "why-says" }, isPlain ? "It meets what you asked for here; the list is sorted as you chose." : item.reason || "This goes well with what is here.");
  const body = h("dialog", { class: "sheet", "aria-labelledby": "why-title" },
    h("form", { method: "dialog", class: "sheet-top" }, h("h2", { id: "why-title" }, "Why am I seeing this?"), h("button", { class: "ghost round", "aria-label": "Close" }, icon("x"))),
    h("div", { class: "why-item" }, h("img", { src: pictureUrl(item.id, 160), width: 72, height: 72, alt: "" }), h("div", {}, h("b", {}, item.name), h("span", { class: "quiet" }, money(item.price, item.currency)))),
    says, bars(item), facts(item),
    h("p", { class: "actions" },
      h("a", { class: "button small", href: productUrl(item.id) }, "See product"),
      onHide ? h("button", { class: "button plain small", type: "button", onclick: () => { body.close(); onHide(); } }, icon("hide"), "Not interested") : null));
  body.addEventListener("close", () => { body.remove(); open = null; });
  body.addEventListener("click", (event) => { if (event.target === body) body.close(); });
  document.body.append(body);
  body.showModal();
  open = body;
  worded(item, from).then((sentence) => { if (sentence) says.textContent = sentence; });
}

function bars(item) {
  const parts = Object.entries(item.contributions ?? {}).filter(([, value]) => Math.abs(value) > 1e-9).sort(([, a], [, b]) => Math.abs(b) - Math.abs(a)).slice(0, 7);
  const whole = parts.reduce((sum, [, value]) => sum + Math.abs(value), 0);
  if (!whole) return null;
  return h("ul", { class: "why-bars", "aria-label": "What counted" }, parts.map(([name, value]) => {
    const share = Math.round((Math.abs(value) / whole) * 100);
    return h("li", { class: "why-row" }, h("span", {}, NAMES[name] ?? name.replaceAll("_", " ")), h("span", {}, `${value < 0 ? "against, " : ""}${share || "under 1"} %`),
      h("span", { class: "why-bar", "aria-hidden": "true" }, h("i", { class: value < 0 ? "minus" : false, "--share": `${Math.max(share, 1)}%` })));
  }));
}

function facts(item) {
  const found = [LEVELS[item.level], item.guest && GUESTS[item.guest], item.confidence && `Confidence: ${item.confidence.toLowerCase()}`,
    item.confidence_share && `${item.confidence_share} % of those baskets have it`, item.because && h("a", { href: productUrl(item.because) }, "Because of this product")];
  const shown = found.filter(Boolean);
  return shown.length ? h("ul", { class: "why-facts" }, shown.map((one) => h("li", {}, one))) : null;
}

/** The sentence of a language model, where the shop has one; the template's is here already. */
async function worded(item, from) {
  if (!from.request_id) return null;
  try {
    const said = await ask("/v1/explain/words", { body: { request_id: from.request_id }, tries: 0 });
    const one = said.items.find((each) => each.id === item.id);
    return one?.wording === "model" ? one.sentence : null;
  } catch {
    return null;
  }
}
