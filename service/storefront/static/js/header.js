// What every page does: search box, cart badge, light and dark, shopper switch, offline notice.
import { cart } from "./basket.js";
import { $, $$, calm, icon, toast } from "./dom.js";
import { takePicture } from "./picture.js";
import { suggestions } from "./suggest.js";
import "./track.js";
import { account, dropTokens } from "./tokens.js";
import { cookie, setCookie } from "./who.js";

function badge() {
  const pieces = cart().reduce((sum, one) => sum + one.pieces, 0);
  const shown = $("[data-cart-count]");
  shown.textContent = pieces > 99 ? "99+" : String(pieces);
  shown.hidden = pieces === 0;
  shown.setAttribute("aria-label", `${pieces} in your cart`);
}

function themes() {
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  $("[data-theme-switch]").addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    setCookie("vitrine_theme", root.dataset.theme);
  });
}

function shoppers() {
  const sheet = $("#switch");
  if (!sheet) return;
  for (const button of $$("[data-switch]")) button.addEventListener("click", () => sheet.showModal());
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet) sheet.close();
    const chosen = event.target.closest("[data-shopper]");
    if (!chosen) return;
    dropTokens();
    setCookie("vitrine_shopper", chosen.dataset.shopper);
    location.assign("/");
  });
  const filter = $("[data-shopper-filter]", sheet);
  filter.addEventListener("input", calm(() => {
    const wanted = filter.value.trim().toLowerCase();
    for (const row of $$(".people li", sheet)) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  }, 60));
}

function connection() {
  const notice = $("[data-offline]");
  const show = () => { notice.hidden = navigator.onLine; };
  addEventListener("online", show);
  addEventListener("offline", show);
  show();
}

function pictures() {
  // `error` does not bubble: heard on its way down, for pictures that are still to come too
  document.addEventListener("error", (event) => {
    if (event.target instanceof HTMLImageElement) missing(event.target);
  }, true);
  for (const image of [...document.images]) if (image.complete && image.naturalWidth === 0 && image.loading !== "lazy") missing(image);
}

function missing(image) {
  const frame = image.closest(".shot, .frame, .hero-wall a");
  if (frame) image.replaceWith(icon("picture"));
  else image.remove();
}

function signs() {
  const label = $("[data-who]");
  if (account()) label.textContent = "Account";
  document.addEventListener("vitrine:signed-out", () => {
    label.textContent = "You";
    if (document.body.dataset.page !== "account") toast("You have been signed out.", { label: "Sign in", href: `/sign-in?${new URLSearchParams({ next: location.pathname + location.search })}` }, 10);
  });
}

badge();
signs();
themes();
shoppers();
connection();
pictures();
suggestions($("[data-find]"));
takePicture();
document.addEventListener("vitrine:basket", badge);
addEventListener("pageshow", (event) => { if (event.persisted) badge(); });
if (!cookie("vitrine_session")) setCookie("vitrine_session", document.body.dataset.session);
