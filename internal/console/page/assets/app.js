"use strict";
// What pages of the console have in common. Everything works without it but copying, numbers of lines and what the server
// is asked while somebody types.

// Copy what stands beside a button.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = button.dataset.copy || button.parentElement.querySelector("code").textContent;
  const label = button.querySelector("span") || button;
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(text);
    label.textContent = "Copied";
  } catch {
    // Without a clipboard, which browsers keep from pages that come neither over TLS nor from this machine: mark it.
    const code = button.parentElement.querySelector("code");
    if (code) getSelection().selectAllChildren(code);
    label.textContent = "Press Ctrl+C";
  }
  setTimeout(() => { label.textContent = before; }, 1500);
});

// Menus close when something else is clicked, and with Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Numbers of lines beside editors, and the line that a finding names.
function numberLines(area) {
  const gutter = area.parentElement.querySelector(".gutter");
  const lines = area.value.split("\n").length;
  if (gutter.childElementCount !== lines) {
    gutter.replaceChildren(...Array.from({ length: lines }, (_, i) => {
      const line = document.createElement("span");
      line.textContent = i + 1;
      return line;
    }));
  }
  gutter.scrollTop = area.scrollTop;
}
function prepareEditors(root) {
  for (const area of root.querySelectorAll("textarea[data-editor]")) {
    if (area.dataset.ready) continue;
    area.dataset.ready = "1";
    area.addEventListener("input", () => numberLines(area));
    area.addEventListener("scroll", () => { area.parentElement.querySelector(".gutter").scrollTop = area.scrollTop; });
    numberLines(area);
  }
}
document.addEventListener("DOMContentLoaded", () => prepareEditors(document));
document.addEventListener("htmx:afterSwap", (event) => {
  prepareEditors(document);
  if (!event.target.matches || !event.target.matches(".findings")) return;
  const editor = event.target.closest(".editor");
  const wrong = new Set([...event.target.querySelectorAll("[data-line]")].map((finding) => finding.dataset.line));
  for (const line of editor.querySelectorAll(".gutter span")) line.classList.toggle("wrong", wrong.has(line.textContent));
});
document.addEventListener("click", (event) => {
  const place = event.target.closest("[data-line]");
  if (place && place.closest(".findings")) {
    const area = place.closest(".editor").querySelector("textarea");
    const lines = area.value.split("\n");
    const start = lines.slice(0, place.dataset.line - 1).reduce((n, line) => n + line.length + 1, 0);
    area.focus();
    area.setSelectionRange(start, start + (lines[place.dataset.line - 1] || "").length);
    return;
  }
  const format = event.target.closest("[data-format]");
  if (format) {
    const area = document.getElementById(format.dataset.format);
    try {
      area.value = JSON.stringify(JSON.parse(area.value), null, 2);
    } catch { /* what is wrong with it is shown below */ }
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
  // A template to begin with is put into its editor.
  const template = event.target.closest("[data-template]");
  if (template) {
    const area = document.getElementById(template.dataset.into);
    area.value = template.dataset.template;
    area.dispatchEvent(new Event("input", { bubbles: true }));
    area.focus();
  }
});

// A search that shows, of a list on the page, what has the text.
document.addEventListener("input", (event) => {
  const list = event.target.matches("[data-filter]") && document.getElementById(event.target.dataset.filter);
  if (!list) return;
  const text = event.target.value.trim().toLowerCase();
  for (const item of list.children) item.hidden = !item.textContent.toLowerCase().includes(text);
});

// A session that has ended leads to the page for signing in.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) location.assign("/signin");
});
