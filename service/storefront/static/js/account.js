// Sign in, sign up: one form each.
import { $, h } from "./dom.js";
import { ask } from "./net.js";
import { oops } from "./shelf.js";
import { keepTokens } from "./tokens.js";
import { session, setCookie } from "./who.js";

const form = $("[data-account]");
const isNew = form.dataset.account === "new";
const problem = $("[data-problem]", form);
const button = $("button[type=submit]", form);

async function enter(event) {
  event.preventDefault();
  problem.replaceChildren();
  const { email, password, name } = Object.fromEntries(new FormData(form));
  button.disabled = true;
  try {
    if (isNew) await ask("/v1/auth/sign-up", { body: { email: email.trim(), password, name: name.trim() }, open: true, tries: 0 });
    keepTokens(await ask("/v1/auth/sign-in", { body: { email: email.trim(), password, session }, open: true, tries: 0 }));
    for (const guest of ["vitrine_shopper", "vitrine_known"]) setCookie(guest, "");
    location.assign(next());
    return;
  } catch (trouble) {
    problem.append(oops(said(trouble)));
    problem.firstElementChild.setAttribute("tabindex", "-1");
    problem.firstElementChild.focus();
  }
  button.disabled = false;
}

function said(trouble) {
  if (trouble.status === 401 && isNew) return { title: "You may have an account already", detail: "Please sign in with the password you have." };
  if (trouble.status === 401) return { title: "That did not match", detail: "The e-mail address or the password is not right. Please try again." };
  if (trouble.status === 422) return { title: "Please look at it again", detail: "An e-mail address has an @, and a new password at least 8 characters." };
  return trouble;
}

/** Back to where one came from, if that is a page of ours. */
function next() {
  const wanted = new URLSearchParams(location.search).get("next") ?? "/";
  return /^\/(?![/\\])/.test(wanted) ? wanted : "/";
}

form.addEventListener("submit", enter);
const show = h("button", { class: "link peek", type: "button", onclick: () => {
  const box = $("#password");
  box.type = box.type === "password" ? "text" : "password";
  show.textContent = box.type === "password" ? "Show" : "Hide";
} }, "Show");
$("#password").after(show);
for (const other of document.querySelectorAll("[data-other]")) other.search = location.search;
