// Asks the JSON API: patient with what may pass, plain about what will not.
import { account, ended, proof } from "./tokens.js";

const PATIENCE_MS = 15_000;
const WAITS_MS = [400, 1500];
const ABOUT_A_PASSWORD = new Set(["wrong_credentials", "confirmation_needed"]); // the sign-in itself still holds
const PASSING = new Set([502, 503, 504]);

/** What went wrong, in words for people; `passes` where the same may work in a moment. */
export class Trouble extends Error {
  constructor(title, detail, { status = 0, passes = false, code = "" } = {}) {
    super(detail);
    Object.assign(this, { title, detail, status, passes, code });
  }
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/**
 * The answer's JSON. `body` makes it a POST; `signal` gives up early; `tries` beyond the first only where it may pass.
 * Whoever is signed in says so, but on `open` ways. `act` says that a page of ours asks, for what operators decide.
 * Nothing is taken from the browser's cache, which the back button would otherwise prefer to what is true now.
 */
export async function ask(path, { body, method, signal, tries = WAITS_MS.length, keepalive = false, open = false, act = false } = {}) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await once(path, body, method ?? (body === undefined ? "GET" : "POST"), signal, keepalive, open, act);
    } catch (trouble) {
      if (!(trouble instanceof Trouble) || !trouble.passes || attempt >= tries) throw trouble;
      await pause(WAITS_MS[Math.min(attempt, WAITS_MS.length - 1)]);
      if (signal?.aborted) throw trouble;
    }
  }
}

async function once(path, body, method, signal, keepalive, open, act) {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const both = signal ? AbortSignal.any([signal, patience]) : patience;
  const options = { method, signal: both, keepalive, cache: "no-store" };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  if (act) options.headers = { ...options.headers, "X-Vitrine-Act": "yes" };
  let answer;
  try {
    const shown = open ? null : await proof();
    if (shown) options.headers = { ...options.headers, ...shown };
    answer = await fetch(path, options);
    if (answer.ok) return answer.status === 204 ? null : await answer.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw unreachable(patience.aborted);
  }
  const trouble = await told(answer);
  if (answer.status === 401 && !open && account() && !ABOUT_A_PASSWORD.has(trouble.code)) ended();
  throw trouble;
}

function unreachable(late) {
  if (!navigator.onLine) return new Trouble("You are offline", "We will be here when you are back.");
  if (late) return new Trouble("This takes too long", "The shop is busy. Please try again in a moment.");
  return new Trouble("The shop cannot be reached", "It may be starting again. Please try once more.", { passes: true });
}

async function told(answer) {
  const said = await answer.json().catch(() => ({}));
  const passes = PASSING.has(answer.status);
  if (answer.status >= 500) {
    return new Trouble("Something went wrong here", "It is not your fault. Please try again in a moment.", { status: answer.status, passes, code: said.code });
  }
  if (answer.status === 401) {
    return new Trouble("Please sign in", "This needs an account, or your sign-in has ended.", { status: 401, code: said.code });
  }
  if (answer.status === 429) {
    return new Trouble("That was a lot at once", "Please wait a moment, then try again.", { status: 429 });
  }
  return new Trouble(said.title ?? "That did not work", said.detail ?? `The shop answered ${answer.status}.`, { status: answer.status });
}
