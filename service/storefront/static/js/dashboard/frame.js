// What every page of this kind does: light and dark, a sign-in that has ended.
import { $, toast } from "../dom.js";
import { setCookie } from "../who.js";

const root = document.documentElement;
const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
$("[data-theme-switch]").addEventListener("click", () => {
  root.dataset.theme = dark() ? "light" : "dark";
  setCookie("vitrine_theme", root.dataset.theme);
});
document.addEventListener("vitrine:signed-out", () => {
  toast("You have been signed out.", { label: "Sign in", href: `/sign-in?${new URLSearchParams({ next: location.pathname })}` }, 10);
});
