// The pictures of a product: one large, the others small beside it, and all of them closer in a window.
import { $, $$, h, icon } from "./dom.js";

/** Make a gallery react; without a script it shows its first picture. */
export function gallery(place) {
  const main = $(".frame img", place);
  const small = $$("[data-view]", place);
  let at = 0;

  const show = (index) => {
    if (!small.length) return;
    at = (index + small.length) % small.length;
    const image = $(".frame img", place) ?? h("img", { width: 640, height: 640, alt: main.alt });
    image.src = small[at].dataset.view;
    if (!image.isConnected) $(".frame", place).replaceChildren(image, $("[data-closer]", place)); // the one before was missing
    small.forEach((one, each) => one.setAttribute("aria-pressed", String(each === at)));
  };
  small.forEach((one, index) => one.addEventListener("click", () => show(index)));
  place.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!way || !event.target.closest("[data-view]")) return;
    event.preventDefault();
    show(at + way);
    small[at].focus();
  });
  $("[data-closer]", place).addEventListener("click", () => closer($(".frame img", place)));
}

function closer(image) {
  if (!image) return; // there is no picture of it
  const box = h("dialog", { class: "lens", "aria-label": image.alt },
    h("form", { method: "dialog" }, h("button", { class: "ghost round", "aria-label": "Close" }, icon("x"))),
    h("img", { src: image.currentSrc || image.src, alt: image.alt }));
  box.addEventListener("close", () => box.remove());
  box.addEventListener("click", (event) => { if (event.target === box || event.target.localName === "img") box.close(); });
  document.body.append(box);
  box.showModal();
}
