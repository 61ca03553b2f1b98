// Keys: `/` and Ctrl-K to the search box, `g` and a letter to a page, a letter to a deed, `?` for the sheet that lists
// them. The sheet is the one list: a key works because it stands there. Bare keys do nothing while somebody writes.
import { openFinder } from "./finder.js";

const sheet = document.querySelector("#keys");
const WAIT = 1500;
let began = 0;

const writes = (target) => target.closest?.("input, textarea, select, [contenteditable]");

function go(letter, after = "go") {
  const link = sheet?.querySelector(`a[data-${after}="${CSS.escape(letter)}"]`);
  if (link) window.location.assign(link.href);
  return Boolean(link);
}

// Keys of what this page does not have are not told of.
function showSheet() {
  for (const entry of sheet.querySelectorAll("[data-needs]")) entry.hidden = !document.querySelector(entry.dataset.needs);
  sheet.showModal();
}

function find() {
  if (openFinder()) return;
  const link = document.querySelector("a[data-search]");
  if (link) window.location.assign(link.href);
}

document.addEventListener("keydown", (event) => {
  const command = event.ctrlKey || event.metaKey;
  if (command && !event.altKey && event.key.toLowerCase() === "k") { event.preventDefault(); find(); return; }
  if (command || event.altKey || event.isComposing || writes(event.target) || document.querySelector("dialog[open]")) return;
  if (event.timeStamp - began < WAIT && began && go(event.key)) { event.preventDefault(); began = 0; return; }
  began = event.key === "g" ? event.timeStamp : 0;
  if (event.key === "/") { event.preventDefault(); find(); }
  else if (event.key === "?" && sheet) { event.preventDefault(); showSheet(); }
  else if (go(event.key, "key")) event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-shows-keys]") && sheet) showSheet();
  const search = event.target.closest("a[data-search]");
  if (search && !event.ctrlKey && !event.metaKey && !event.shiftKey && openFinder()) event.preventDefault();
});
