// One's own account: another password, everything that is kept to take along, and an end of it; for visitors, of this browser's.
import { $, h, toast } from "./dom.js";
import { ask, Trouble } from "./net.js";
import { oops } from "./shelf.js";
import { account, dropTokens, keepTokens, proof } from "./tokens.js";
import { cookie, setCookie } from "./who.js";

const SHORTEST = 8;
const secret = (name, label, complete, extra = {}) => h("label", {}, label, h("input", { class: "field", type: "password", name, autocomplete: complete, required: true, maxlength: 128, ...extra }));

/** What stands on the profile of somebody who is signed in. */
export function ownAccount(place) {
  if (!account()) return visitor(place);
  place.replaceChildren(
    h("section", { class: "panel", "aria-labelledby": "own-password" }, h("h2", { id: "own-password" }, "Password"), h("p", { class: "quiet" }, "Other places where you are signed in are signed out."), passwordForm()),
    h("section", { class: "panel", "aria-labelledby": "own-data" }, h("h2", { id: "own-data" }, "Your data"), h("p", { class: "quiet" }, "Everything the shop keeps of you: take it along, or have it erased for good."),
      h("p", { class: "actions" }, h("button", { class: "button plain", type: "button", onclick: take }, "Take it along"), h("button", { class: "button plain", type: "button", onclick: erase }, "Erase everything"))));
  place.hidden = false;
}

/** Somebody whom only this browser knows; one of the demo's shoppers has nothing of his own here. */
function visitor(place) {
  if (cookie("vitrine_shopper")) return;
  place.replaceChildren(h("section", { class: "panel", "aria-labelledby": "own-data" }, h("h2", { id: "own-data" }, "Your data"),
    h("p", { class: "quiet" }, "Without an account the shop knows you by this browser only. Forget it, and you come back as somebody new: cart, wishlist and what you looked at are gone. With an account you can also take everything along, and have it erased in the shop."),
    h("p", { class: "actions" }, h("button", { class: "button plain", type: "button", onclick: forget }, "Forget this browser"), h("a", { class: "button plain", href: "/sign-up?next=/profile" }, "Make an account"))));
  place.hidden = false;
}

function forget() {
  const box = h("dialog", { class: "sheet", "aria-labelledby": "forget-title" }, h("h2", { id: "forget-title" }, "Forget this browser?"), h("p", {}, "Cart, wishlist, and what you looked at here. There is no way back."),
    h("p", { class: "actions" }, h("button", { class: "button", type: "button", onclick: () => { wipe(); location.assign("/"); } }, "Forget it"), h("button", { class: "button plain", type: "button", onclick: () => box.close() }, "Keep it")));
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

/** Nothing is left in this browser. */
function wipe() {
  dropTokens();
  for (const name of ["vitrine_session", "vitrine_known"]) setCookie(name, "");
  for (const name of Object.keys(localStorage)) if (name.startsWith("vitrine.")) localStorage.removeItem(name);
}

function passwordForm() {
  const problem = h("div", { "data-problem": true });
  const button = h("button", { class: "button", type: "submit" }, "Change the password");
  const form = h("form", { class: "own", onsubmit: async (event) => {
    event.preventDefault();
    problem.replaceChildren();
    button.disabled = true;
    const { password, new_password: fresh } = Object.fromEntries(new FormData(form));
    try {
      const said = await ask("/v1/auth/password", { body: { password, new_password: fresh }, tries: 0 });
      if (said?.access_token) keepTokens(said);
      form.reset();
      toast("The password is another one now.");
    } catch (trouble) {
      problem.append(oops(mismatch(trouble)));
    }
    button.disabled = false;
  } }, secret("password", "The one you have", "current-password"), secret("new_password", `The new one (${SHORTEST} characters or more)`, "new-password", { minlength: SHORTEST }), problem, button);
  return form;
}

const mismatch = (trouble) => (trouble.status === 401 || trouble.status === 403 ? { title: "That did not match", detail: "The password is not the one you have." } : trouble);

/** The export as a file: JSON, or a ZIP where there is much. */
async function take(event) {
  const button = event.currentTarget;
  button.disabled = true;
  try {
    const answer = await fetch("/v1/me/export", { headers: (await proof()) ?? {}, cache: "no-store" });
    if (!answer.ok) throw new Trouble("That did not work", `The shop answered ${answer.status}.`);
    const kind = answer.headers.get("Content-Type")?.includes("zip") ? "zip" : "json";
    const address = URL.createObjectURL(await answer.blob());
    const link = h("a", { href: address, download: `my-data.${kind}` });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 30_000);
  } catch (trouble) {
    toast(trouble.detail ?? "The shop cannot be reached.");
  }
  button.disabled = false;
}

function erase() {
  const problem = h("div", { "data-problem": true });
  const form = h("form", { class: "own", onsubmit: async (event) => {
    event.preventDefault();
    problem.replaceChildren();
    try {
      gone(box, await ask("/v1/me", { method: "DELETE", body: { password: new FormData(form).get("password") }, tries: 0 }));
    } catch (trouble) {
      problem.replaceChildren(oops(mismatch(trouble)));
    }
  } }, secret("password", "Your password", "current-password"), problem, h("p", { class: "actions" }, h("button", { class: "button", type: "submit" }, "Erase for good"), h("button", { class: "button plain", type: "button", onclick: () => box.close() }, "Keep it")));
  const box = h("dialog", { class: "sheet", "aria-labelledby": "erase-title" }, h("h2", { id: "erase-title" }, "Erase everything?"),
    h("p", {}, "Your account, what you did, what you were shown and what was learnt from it. There is no way back."), form);
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
  $("input", box).focus();
}

function gone(box, receipt) {
  wipe();
  box.replaceChildren(h("h2", {}, "It is gone"), h("p", {}, "This is your receipt, should you want to ask: ", h("code", {}, receipt.receipt)), h("p", { class: "actions" }, h("a", { class: "button", href: "/" }, "To the shop")));
  box.addEventListener("close", () => location.assign("/"));
}
