// Cart and wishlist: kept in this browser, told to the shop as events.
import { toast } from "./dom.js";
import { originOf, track } from "./track.js";
import { kept } from "./who.js";

const MOST_PIECES = 99;

export const cart = () => kept.read("cart", []);
export const wishes = () => kept.read("wishes", []);
export const isWished = (id) => wishes().some((one) => one.id === id);

function write(name, rows) {
  kept.write(name, rows);
  document.dispatchEvent(new CustomEvent("vitrine:basket"));
}

const row = ({ id, name, price, currency }) => ({ id, name, price, currency });

/** One more of a product; an event each time. */
export function addToCart(product) {
  const rows = cart();
  const there = rows.find((one) => one.id === product.id);
  if (there) there.pieces = Math.min(there.pieces + 1, MOST_PIECES);
  else rows.push({ ...row(product), pieces: 1 });
  write("cart", rows);
  toast(`In your cart: ${product.name}`, { label: "See cart", href: "/cart" });
  return track("cart", { product: product.id, value: 1, origin: originOf(product.id) });
}

/** So many of it; 0 takes it out. */
export function setPieces(id, pieces) {
  const rows = cart().map((one) => (one.id === id ? { ...one, pieces: Math.min(pieces, MOST_PIECES) } : one));
  write("cart", rows.filter((one) => one.pieces > 0));
}

export const putBack = (one) => write("cart", [...cart().filter((other) => other.id !== one.id), one]);
export const emptyCart = () => write("cart", []);

/** Onto the wishlist, or off it; says whether it is on it now. */
export function toggleWish(product) {
  const rest = wishes().filter((one) => one.id !== product.id);
  const isOn = rest.length === wishes().length;
  write("wishes", isOn ? [...rest, row(product)] : rest);
  if (isOn) {
    toast(`On your wishlist: ${product.name}`, { label: "See it", href: "/cart#wishlist" });
    track("wishlist", { product: product.id, origin: originOf(product.id) });
  }
  return isOn;
}

addEventListener("storage", (event) => {
  if (event.key?.startsWith("vitrine.")) document.dispatchEvent(new CustomEvent("vitrine:basket"));
});
