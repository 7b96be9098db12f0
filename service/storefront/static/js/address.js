// The address of a list says all: what is asked for, narrowed down, sorted, and how far one has come.

/** Fields of the facets, in the order they are shown; attributes are the shop's own. */
export const ATTRIBUTES = (document.body.dataset.attributes || "").split(",").filter(Boolean).map((name) => `attributes.${name}`);
const MANY = ["category", "brand", ...ATTRIBUTES];

/** What the address says. */
export function read(search = location.search) {
  const given = new URLSearchParams(search);
  const number = (name) => {
    const value = Number.parseFloat(given.get(name));
    return Number.isFinite(value) && value >= 0 ? value : null;
  };
  return {
    q: (given.get("q") ?? "").slice(0, 500).trim(),
    picture: given.get("picture") ?? "",
    sort: given.get("sort") ?? "",
    many: Object.fromEntries(MANY.map((field) => [field, given.getAll(shortName(field))])),
    low: number("min_price"),
    high: number("max_price"),
    rating: number("min_rating"),
    stock: given.get("in_stock") === "true",
    ignore: given.getAll("ignore"),
    asTyped: given.get("correct") === "false",
    pages: Math.max(1, Math.min(40, Math.round(number("pages") ?? 1))),
  };
}

/** The address of a state. */
export function write(state) {
  const made = new URLSearchParams();
  const put = (name, value) => { if (value !== null && value !== "" && value !== false) made.append(name, String(value)); };
  put("q", state.q);
  put("picture", state.picture);
  for (const field of MANY) for (const value of state.many[field]) made.append(shortName(field), value);
  put("min_price", state.low);
  put("max_price", state.high);
  put("min_rating", state.rating);
  put("in_stock", state.stock);
  put("sort", state.sort);
  for (const kind of state.ignore) made.append("ignore", kind);
  if (state.asTyped) made.append("correct", "false");
  if (state.pages > 1) made.append("pages", String(state.pages));
  const text = made.toString();
  return location.pathname + (text ? `?${text}` : "");
}

/** The filter the API is asked with; null for none. */
export function filterOf(state) {
  const must = MANY.filter((field) => state.many[field].length).map((field) => ({ field, match: state.many[field] }));
  const range = { ...(state.low !== null ? { gte: state.low } : {}), ...(state.high !== null ? { lte: state.high } : {}) };
  if (Object.keys(range).length) must.push({ field: "price", range });
  if (state.rating !== null) must.push({ field: "rating", range: { gte: state.rating } });
  if (state.stock) must.push({ field: "in_stock", match: true });
  return must.length ? { must } : null;
}

/** How many filters are set. */
export function countOf(state) {
  const values = MANY.reduce((sum, field) => sum + state.many[field].length, 0);
  return values + Number(state.low !== null || state.high !== null) + Number(state.rating !== null) + Number(state.stock);
}

export const withoutFilters = (state) => ({
  ...state, many: Object.fromEntries(MANY.map((field) => [field, []])), low: null, high: null, rating: null, stock: false, pages: 1,
});

/** With a value of a field in, or out. */
export function toggled(state, field, value) {
  const now = state.many[field];
  const next = now.includes(value) ? now.filter((one) => one !== value) : [...now, value];
  return { ...state, many: { ...state.many, [field]: next }, pages: 1 };
}

export const shortName = (field) => field.replace(/^attributes\./, "");
export const titleOf = (field) => {
  const name = shortName(field).replaceAll("_", " ");
  return name.charAt(0).toUpperCase() + name.slice(1);
};
