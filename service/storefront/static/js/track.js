// Tells the shop what a visitor does: at once, and again until it is acknowledged; an event's id makes it count once.
import { ask } from "./net.js";
import { kept, newId, who } from "./who.js";

const MOST_WAITING = 500;
const BATCH = 100;
const OLD_MS = 5000;
const MOST_ORIGINS = 300;

const waiting = () => kept.read("events", []);
let sending = null;

/**
 * Record an event. `origin` is what `originOf` knows: the answer and the slot that led here.
 * @returns {Promise<void>} resolves once it is stored, or could not be sent now.
 */
export function track(type, { product, query, value, origin, id = newId() } = {}) {
  const event = { type, ...who(), product, query, value, event_id: id };
  if (origin?.request_id) Object.assign(event, { request_id: origin.request_id, position: origin.position });
  if (origin?.query && !query) event.query = origin.query;
  kept.write("events", [...waiting(), { event, made: Date.now() }].slice(-MOST_WAITING));
  return flush();
}

/** Send all that waits. */
export function flush() {
  sending ??= send().finally(() => { sending = null; });
  return sending;
}

async function send() {
  for (let rows = waiting().slice(0, BATCH); rows.length; rows = waiting().slice(0, BATCH)) {
    try {
      await ask("/v1/events", { body: { events: rows.map(dated) }, keepalive: true, tries: 1 });
    } catch (trouble) {
      if (!(trouble.status >= 400 && trouble.status < 500)) return; // kept until later
    }
    const sent = new Set(rows.map((row) => row.event.event_id));
    kept.write("events", waiting().filter((row) => !sent.has(row.event.event_id)));
    document.dispatchEvent(new CustomEvent("vitrine:recorded", { detail: rows.map((row) => row.event) }));
  }
}

function dated({ event, made }) {
  return Date.now() - made > OLD_MS ? { ...event, at: new Date(made).toISOString() } : event;
}

/** Remember which answer led to a product, for what happens to it later. */
export function rememberOrigin(product, origin) {
  const known = Object.entries(kept.read("origins", {})).filter(([id]) => id !== product);
  kept.write("origins", Object.fromEntries([...known.slice(1 - MOST_ORIGINS), [product, origin]]));
}

export const originOf = (product) => kept.read("origins", {})[product];

addEventListener("online", flush);
document.addEventListener("vitrine:back", flush);
addEventListener("pageshow", flush);
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") flush(); });
setInterval(() => { if (waiting().length) flush(); }, 10_000);
