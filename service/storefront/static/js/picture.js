// Search with a picture: chosen, dropped or pasted; it is made small here and travels once.
import { $, toast } from "./dom.js";
import { newId } from "./who.js";

const SIDE = 448;
const KEY = "vitrine.picture.";

/** Listen for pictures on the whole page. */
export function takePicture() {
  const chosen = $("[data-picture]");
  if (!chosen) return;
  chosen.addEventListener("change", () => { if (chosen.files[0]) searchWith(chosen.files[0]); chosen.value = ""; });
  addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find(isPicture);
    if (file) { event.preventDefault(); searchWith(file); }
  });
  let depth = 0;
  const brings = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const mark = () => document.body.classList.toggle("dropping", depth > 0);
  addEventListener("dragenter", (event) => { if (brings(event)) { depth += 1; mark(); } });
  addEventListener("dragleave", (event) => { if (brings(event)) { depth = Math.max(0, depth - 1); mark(); } });
  addEventListener("dragover", (event) => { if (brings(event)) event.preventDefault(); });
  addEventListener("drop", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    depth = 0;
    mark();
    const file = [...event.dataTransfer.files].find(isPicture);
    if (file) searchWith(file);
    else toast("That is not a picture. PNG, JPEG, WebP and GIF work.");
  });
}

const isPicture = (file) => file.type.startsWith("image/");

async function searchWith(file) {
  try {
    const key = newId().slice(0, 8);
    sessionStorage.setItem(KEY + key, await small(file));
    const words = location.pathname === "/search" ? new URLSearchParams(location.search).get("q") : null;
    location.assign(`/search?${new URLSearchParams({ ...(words ? { q: words } : {}), picture: key })}`);
  } catch {
    toast("That file cannot be read as a picture. PNG, JPEG, WebP and GIF work.");
  }
}

/** The picture an address names, as a data: URL; null when this tab does not have it any more. */
export function pictureOf(key) {
  return key ? sessionStorage.getItem(KEY + key) : null;
}

async function small(file) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // see-through parts are white, as on paper
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.9);
}
