// What proves who is signed in: kept in this browser, renewed before it runs out, by one tab at a time.
const NAME = "vitrine.account";
const EARLY_MS = 20_000;

/** The account signed in here: {user, role, access, until, refresh}; null for a visitor. */
export function account() {
  try {
    return JSON.parse(localStorage.getItem(NAME));
  } catch {
    return null;
  }
}

/** Keep what the shop answered to a sign-in or a renewal. */
export function keepTokens(said) {
  const { user, role, access_token: access, refresh_token: refresh, expires_in: seconds } = said;
  localStorage.setItem(NAME, JSON.stringify({ user, role, access, refresh, until: Date.now() + seconds * 1000 }));
  showPages(access, seconds);
}

/** Pages cannot be asked for with a header: a cookie of theirs says the same, for as long. */
function showPages(access, seconds) {
  document.cookie = `vitrine_proof=${access}; path=/; samesite=lax; max-age=${seconds}`;
}

export function dropTokens() {
  localStorage.removeItem(NAME);
  showPages("", 0);
}

/** The header that says who calls; null for a visitor, or where the sign-in has ended. */
export async function proof() {
  const now = account();
  if (!now) return null;
  if (now.until - EARLY_MS > Date.now()) return { Authorization: `Bearer ${now.access}` };
  // a refresh token shown twice ends the sign-in: tabs take turns, and the second one finds the first one's
  await (navigator.locks ? navigator.locks.request("vitrine.refresh", renew) : renew());
  const fresh = account();
  return fresh ? { Authorization: `Bearer ${fresh.access}` } : null;
}

async function renew() {
  const now = account();
  if (!now || now.until - EARLY_MS > Date.now()) return;
  const answer = await fetch("/v1/auth/refresh", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ refresh_token: now.refresh }), cache: "no-store" });
  if (answer.ok) keepTokens(await answer.json());
  else if (answer.status === 401 || answer.status === 403) ended();
}

/** The sign-in is over, by time or by somebody else's doing. */
export function ended() {
  if (!account()) return;
  dropTokens();
  document.dispatchEvent(new CustomEvent("vitrine:signed-out"));
}
