// Who is looking: a user where we know one, else this browser's session.
import { account } from "./tokens.js";

const told = document.body.dataset;

/** A cookie of ours, or "". */
export function cookie(name) {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  return found ? found.slice(name.length + 1) : "";
}

/** Keep a cookie for a year; "" forgets it. */
export function setCookie(name, value) {
  document.cookie = `${name}=${value}; path=/; samesite=lax; max-age=${value ? 31_536_000 : 0}`;
}

export const session = cookie("vitrine_session") || told.session;
export const user = () => account()?.user ?? (told.user || null);

/** Its part of every request: who asks. */
export const who = () => (user() ? { user: user() } : { session });

/** A new name that nobody else has. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A small store in this browser; one that is full, blocked or broken is empty. */
export const kept = {
  read(name, fallback) {
    try {
      return JSON.parse(localStorage.getItem(`vitrine.${name}`)) ?? fallback;
    } catch {
      return fallback;
    }
  },
  write(name, value) {
    try {
      localStorage.setItem(`vitrine.${name}`, JSON.stringify(value));
    } catch {
      // nothing to be done: what is not kept is asked for again
    }
  },
};
