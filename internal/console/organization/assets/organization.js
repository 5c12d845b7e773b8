"use strict";
// The tree of an organization: what is under a node is shown and hidden. htmx fetches it the first time.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-twist]");
  if (!button) return;
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", open);
  document.getElementById(button.dataset.twist).hidden = !open;
});
