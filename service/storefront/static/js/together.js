// What goes with a product or a basket: what was bought together, or else what is another kind of thing and goes with it.
import { ask } from "./net.js";
import { shelf } from "./shelf.js";
import { who } from "./who.js";

const N = 12;

/** The answer to draw; `except` is what stands elsewhere on the page. */
export async function together(products, except = []) {
  const exclude_ids = except.slice(0, 9000);
  const bought = await ask("/v1/bundle", { body: { products: products.slice(-50), n: N, exclude_ids } });
  if (!bought.fallback) return { ...bought, title: "Often bought together" };
  // its stand-ins resemble the product, as the shelf of similar products does: these do not
  const body = { ...who(), n: N, explain: true, mode: "complementary", exclude_ids: [...exclude_ids, ...products.slice(-50)] };
  return { ...await ask(`/v1/similar/${encodeURIComponent(products.at(-1))}`, { body }), title: "Goes well with this" };
}

/** A rule's confidence is a share of baskets; elsewhere it is a word. */
export const withShares = (items) => items.map((item) => (typeof item.confidence === "number" ? { ...item, confidence: null, confidence_share: Math.round(item.confidence * 100) } : item));

export const drawTogether = (page) => (page.items.length ? shelf({ name: "bundle", title: page.title, items: withShares(page.items), from: { request_id: page.request_id } }) : []);
