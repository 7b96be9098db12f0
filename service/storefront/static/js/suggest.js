// Completions while somebody types: a combobox with a list, led by keys or pointer.
import { $, $$, calm, h, icon, productUrl } from "./dom.js";
import { ask } from "./net.js";

const SHOWN = 8;
const KINDS = { query: ["search", ""], product: ["tag", "product"], brand: ["spark", "brand"], category: ["grid", "category"] };

/** Make a search form suggest. */
export function suggestions(form) {
  const box = $('input[type="search"]', form);
  const list = $('[role="listbox"]', form);
  let asked = null;
  let chosen = -1;

  const close = () => {
    list.hidden = true;
    chosen = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };
  const mark = (index) => {
    const rows = $$('[role="option"]', list);
    chosen = rows.length ? (index + rows.length) % rows.length : -1;
    rows.forEach((row, at) => row.setAttribute("aria-selected", String(at === chosen)));
    if (chosen < 0) return;
    box.setAttribute("aria-activedescendant", rows[chosen].id);
    rows[chosen].scrollIntoView({ block: "nearest" });
  };
  const show = (found) => {
    list.replaceChildren(...found.map((one, at) => option(one, at)));
    list.hidden = found.length === 0;
    chosen = -1;
    box.setAttribute("aria-expanded", String(found.length > 0));
    box.removeAttribute("aria-activedescendant");
  };
  const look = calm(async () => {
    const typed = box.value.trim();
    asked?.abort();
    if (!typed || document.activeElement !== box) return close();
    asked = new AbortController();
    try {
      const found = await ask(`/v1/suggest?n=${SHOWN}&q=${encodeURIComponent(typed.slice(0, 100))}`, { signal: asked.signal, tries: 0 });
      if (document.activeElement === box) show(found.suggestions);
    } catch {
      close(); // a search works without
    }
  }, 120);

  box.addEventListener("input", look);
  box.addEventListener("focus", () => { if (list.children.length && box.value.trim()) show0(); });
  const show0 = () => { list.hidden = false; box.setAttribute("aria-expanded", "true"); };
  box.addEventListener("blur", () => setTimeout(close, 120));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) { event.preventDefault(); close(); }
    else if (event.key === "ArrowDown") { event.preventDefault(); if (list.hidden) look(); else mark(chosen + 1); }
    else if (event.key === "ArrowUp" && !list.hidden) { event.preventDefault(); mark(chosen - 1); }
    else if (event.key === "Enter" && chosen >= 0) { event.preventDefault(); list.children[chosen].click(); }
  });
  form.addEventListener("submit", (event) => {
    asked?.abort();
    close();
    if (!box.value.trim()) event.preventDefault();
  });
}

function option(one, at) {
  const [drawing, label] = KINDS[one.kind] ?? KINDS.query;
  return h("li", { role: "option", id: `suggestion-${at}`, "aria-selected": "false", onmousedown: (event) => event.preventDefault(), onclick: () => location.assign(target(one)) },
    icon(drawing), h("span", {}, one.text), label ? h("small", {}, label) : null);
}

function target(one) {
  if (one.kind === "product") return productUrl(one.id);
  if (one.kind === "category") return `/explore?${new URLSearchParams({ category: one.id ?? one.text })}`;
  if (one.kind === "brand") return `/explore?${new URLSearchParams({ brand: one.text })}`;
  return `/search?${new URLSearchParams({ q: one.text })}`;
}
