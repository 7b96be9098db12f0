// What a visitor told the shop, to be changed, and what they did in it.
import { $, h, icon, productUrl, shot, toast } from "./dom.js";
import { ask } from "./net.js";
import { ownAccount } from "./own_account.js";
import { blank, fill, oops } from "./shelf.js";
import { account, dropTokens } from "./tokens.js";
import { session, setCookie, user } from "./who.js";

const DEEDS = { view: "Looked at", click: "Clicked", cart: "Put in the cart", wishlist: "Wished for", purchase: "Bought", rating: "Rated", search: "Searched for", hide: "Did not want to see" };
const form = $("[data-preferences]");
const history = $("[data-history]");
const known = $("[data-known]");
let me = user();

const url = (id, rest = "") => `/v1/users/${encodeURIComponent(id)}${rest}`;

/** What is stored of me; nothing of somebody who was never told of. */
async function mine() {
  if (account()) return (await ask("/v1/me")).preferences;
  if (!me) return {};
  try {
    return (await ask(url(me))).preferences;
  } catch (trouble) {
    if (trouble.status === 404) return {};
    throw trouble;
  }
}

async function choices() {
  const [page, preferences] = await Promise.all([ask("/v1/search", { body: { query: "", n: 1, facets: ["category", "brand", "price"] } }), mine()]);
  return { facets: page.facets, currency: page.items[0]?.currency ?? "", preferences };
}

function pick(name, value, label, isOn) {
  return h("label", { class: "pick" }, h("input", { type: "checkbox", name, value, checked: isOn }), h("span", {}, label));
}

function preferencesForm({ facets, currency, preferences }) {
  const liked = new Set(preferences.categories ?? []);
  const brands = new Set(preferences.brands ?? []);
  const tops = facets.category.values;
  const shownBrands = [...new Set([...brands, ...facets.brand.values.map((one) => one.value)])].slice(0, 24 + brands.size);
  const paths = [...new Set([...tops.map((one) => one.value), ...liked])];
  const amount = (name, label, value) => h("label", {}, label, h("input", { class: "field", type: "number", name, min: "0", step: "any", inputmode: "decimal", value: value ?? "" }));
  return [
    h("fieldset", { class: "group" }, h("legend", {}, "Departments"), h("div", { class: "picks" }, paths.map((path) => pick("category", path, path.split(" > ").at(-1), liked.has(path))))),
    h("fieldset", { class: "group" }, h("legend", {}, "Brands"), h("div", { class: "picks" }, shownBrands.map((brand) => pick("brand", brand, brand, brands.has(brand))))),
    h("fieldset", { class: "group" }, h("legend", {}, `Price${currency ? `, in ${currency}` : ""}`), h("div", { class: "pair" }, amount("min", "From", preferences.min_price), amount("max", "Up to", preferences.max_price))),
    h("div", { "data-problem": true }),
    h("button", { class: "button", type: "submit" }, "Save"),
  ];
}

async function save(event) {
  event.preventDefault();
  const data = new FormData(form);
  const number = (name) => (data.get(name) === "" || data.get(name) === null ? null : Number(data.get(name)));
  const preferences = { categories: data.getAll("category"), brands: data.getAll("brand"), min_price: number("min"), max_price: number("max") };
  const problem = $("[data-problem]", form);
  problem.replaceChildren();
  if (preferences.min_price !== null && preferences.max_price !== null && preferences.min_price > preferences.max_price) {
    problem.append(oops({ title: "That price range is upside down", detail: "“From” is above “Up to”." }));
    return;
  }
  const button = $("button[type=submit]", form);
  button.disabled = true;
  try {
    if (account()) await ask("/v1/me", { method: "PUT", body: { preferences } });
    else {
      await become();
      await ask(url(me), { method: "PUT", body: { preferences } });
    }
    toast("Saved. The shop counts it from now on.", { label: "See the shop", href: "/" });
  } catch (trouble) {
    problem.append(oops(trouble));
  }
  button.disabled = false;
}

/** A visitor who tells us something is known from then on, with all this browser did so far. */
async function become() {
  if (me) return;
  const id = `guest-${session}`.slice(0, 64);
  await ask(url(id, "/merge"), { body: { session } });
  setCookie("vitrine_known", id);
  me = id;
}

async function deeds() {
  if (!me) {
    const page = await ask("/v1/home", { body: { session, shelves: ["recently_viewed"], n: 40 } });
    return page.shelves[0]?.items ?? [];
  }
  try {
    return (await ask(url(me, "/events?days=3650&limit=60"))).events;
  } catch (trouble) {
    if (trouble.status === 404) return [];
    throw trouble;
  }
}

function drawDeeds(rows) {
  if (!me) return local(rows);
  if (!rows.length) return blank("Nothing yet", "What you look at appears here.", h("a", { class: "button", href: "/explore" }, "Explore the shop"));
  return h("ul", { class: "deeds" }, rows.map(deed));
}

function deed(one) {
  const when = h("time", { datetime: one.at }, ago(new Date(one.at)));
  const what = DEEDS[one.type] ?? one.type;
  if (!one.product) {
    const mark = h("div", { class: "shot" });
    mark.append(icon("search"));
    return h("li", {}, h("a", { class: "deed", href: `/search?${new URLSearchParams({ q: one.query })}` }, mark, h("span", {}, h("small", {}, what), h("b", {}, one.query)), when));
  }
  const name = h("b", {}, one.product);
  names.get(one.product, name);
  return h("li", {}, h("a", { class: "deed", href: productUrl(one.product) }, shot(one.product, "48px"), h("span", {}, h("small", {}, one.value && one.type === "rating" ? `${what}: ${one.value} stars` : what), name), when));
}

/** Names of products, each asked for once, a few at a time. */
const names = {
  found: new Map(),
  get(id, place) {
    if (!this.found.has(id)) this.found.set(id, this.next(id));
    this.found.get(id).then((name) => { place.textContent = name; });
  },
  chain: Promise.resolve(),
  next(id) {
    const asked = this.chain.then(() => ask(`/v1/products/${encodeURIComponent(id)}`, { tries: 0 })).then((one) => one.name, () => id);
    this.chain = asked;
    return asked;
  },
};

/** What somebody looked at whom the shop knows by the session only. */
function local(rows) {
  if (!rows.length) return blank("Nothing yet", "What you look at appears here.", h("a", { class: "button", href: "/explore" }, "Explore the shop"));
  return h("ul", { class: "deeds" }, rows.map((one) => h("li", {}, h("a", { class: "deed", href: productUrl(one.id) }, shot(one.id, "48px"), h("span", {}, h("small", {}, DEEDS.view), h("b", {}, one.name)), ""))));
}

function ago(then) {
  const minutes = Math.round((then - Date.now()) / 60_000);
  const said = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (minutes > -60) return said.format(Math.min(0, minutes), "minute");
  if (minutes > -1440) return said.format(Math.round(minutes / 60), "hour");
  return said.format(Math.round(minutes / 1440), "day");
}

async function greet() {
  if (!account()) return;
  const out = h("button", { class: "link", type: "button", onclick: leave }, "Sign out");
  const bye = h("p", { class: "actions quiet" }, h("span", { "data-mail": true }), out);
  known.replaceWith(bye);
  try {
    const one = await ask("/v1/me");
    if (one.name) $("h1").textContent = one.name;
    $("[data-mail]").textContent = one.email;
  } catch {
    // the form below says what went wrong
  }
}

async function leave() {
  const { refresh } = account() ?? {};
  try {
    if (refresh) await ask("/v1/auth/sign-out", { body: { refresh_token: refresh }, open: true, tries: 0 });
  } finally {
    dropTokens();
    location.assign("/");
  }
}

greet();
ownAccount($("[data-own]"));
form.addEventListener("submit", save);
fill(form, [h("div", { class: "bone line" }), h("div", { class: "bone line" }), h("div", { class: "bone line short" })], choices, preferencesForm);
fill(history, [h("div", { class: "bone line" }), h("div", { class: "bone line" }), h("div", { class: "bone line short" })], deeds, drawDeeds);
