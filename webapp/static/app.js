// Small help where the browser has JavaScript; every page works without it.
"use strict";

// Warn before typed values are lost.
let changed = false;
document.addEventListener("input", (event) => {
  if (event.target.closest("form[data-unsaved]")) changed = true;
});
document.addEventListener("submit", () => { changed = false; });
addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
document.addEventListener("htmx:before:request", (event) => {
  // Going on to another page after saving is no loss.
  // Verifying is no saving: the form itself has to be what is sent.
  if (event.target.matches && event.target.matches("[data-saves]")) changed = false;
});

// The provider's fields come by themselves, so the button for it is not needed.
document.documentElement.classList.add("scripted");

// Errors take the focus, once; what they speak of is not saved.
const focusSummary = () => {
  const box = document.querySelector("[data-focus]");
  if (!box) return;
  box.removeAttribute("data-focus");
  box.focus();
  if (box.closest("form[data-unsaved]")) changed = true;
};
addEventListener("DOMContentLoaded", focusSummary);
document.addEventListener("htmx:after:swap", focusSummary);

// What a provider says about one field stands at that field.
document.addEventListener("htmx:after:swap", () => {
  const said = document.querySelector("#result [data-answer-for]");
  for (const place of document.querySelectorAll(".answer")) {
    const meant = said && place.id === `${said.dataset.answerFor}-answer`;
    place.textContent = meant ? said.querySelector("[data-message]").textContent : "";
    if (meant) place.closest("details")?.setAttribute("open", "");
  }
});

// Copy buttons; without JavaScript the text is selected by hand.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const status = document.getElementById("status");
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    status.textContent = "Copied.";
  } catch {
    source.select?.();
    status.textContent = "The browser does not let pages copy here. The text is selected: press Ctrl+C.";
  }
});
