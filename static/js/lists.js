// Lists: a row opens beside the list where there is room; j and k walk along the rows, x chooses one, and what is chosen
// counts in the bar below. Everything here also works as a plain link or form.
const WIDE = matchMedia("(min-width: 1200px)");
const panel = document.querySelector("#panel");

const rows = () => [...document.querySelectorAll("[data-rows] tr[data-href]")];
const linkOf = (row) => row?.querySelector(".lead-cell a");
const openRow = () => document.querySelector("[data-rows] tr.row-open");

// --- The panel
function show(row, { focus = false } = {}) {
  load(row.dataset.href + row.closest("[data-panel]").dataset.panel, row.dataset.href);
  mark(row);
  remember(row.dataset.key);
  if (focus) panel.focus({ preventScroll: true });
}

function load(fragment, page) {
  panel.querySelector("[data-panel-page]").href = page;
  panel.hidden = false;
  window.htmx.ajax("GET", fragment, { target: "#panel-body", swap: "innerHTML" });
}

function mark(row) {
  openRow()?.classList.remove("row-open");
  row?.classList.add("row-open");
  row?.scrollIntoView({ block: "nearest" });
}

// The address can be shared: it opens the list with the same row beside it.
function remember(key) {
  const address = new URL(window.location);
  if (key) address.searchParams.set("open", key);
  else address.searchParams.delete("open");
  history.replaceState(history.state, "", address);
}

function close() {
  const row = openRow();
  panel.hidden = true;
  panel.querySelector("#panel-body").replaceChildren();
  mark(null);
  remember("");
  linkOf(row)?.focus();
}

function step(from, by) {
  const all = rows();
  const next = all[Math.max(0, Math.min(all.length - 1, from ? all.indexOf(from) + by : 0))];
  if (next && panel && !panel.hidden && next !== openRow()) show(next);
  return next;
}

function opensBeside(event, row) {
  if (!panel || !WIDE.matches || !row?.closest("[data-panel]")) return false;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button) return false;
  const pressed = event.target.closest("a, button, input, label");
  return !pressed || pressed === linkOf(row);
}

// Before the listener in app.js, which follows the row to its page.
document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-rows] tr[data-href]");
  if (!opensBeside(event, row)) return;
  event.preventDefault();
  event.stopPropagation();
  show(row, { focus: true });
}, { capture: true });

panel?.addEventListener("click", (event) => {
  if (event.target.closest("[data-panel-close]")) close();
  const button = event.target.closest("[data-panel-step]");
  if (button) step(openRow(), Number(button.dataset.panelStep));
});

function openAtOnce() {
  const key = new URL(window.location).searchParams.get("open");
  const address = panel?.dataset.open;
  if (!key || !address) return;
  if (!WIDE.matches) { window.location.replace(address); return; }
  load(address + document.querySelector("[data-panel]")?.dataset.panel, address);
  mark(rows().find((row) => row.dataset.key === key));
}

// --- Choosing rows
const bar = () => document.querySelector("#selection");
const picks = () => [...document.querySelectorAll("[data-rows] .pick input[name]")];
let lastPick = null;

function count() {
  const form = bar();
  if (!form) return;
  const all = picks();
  const picked = all.filter((pick) => pick.checked);
  const whole = picked.length === all.length && all.length > 0;
  const head = document.querySelector("[data-pick-all]");
  head.checked = whole;
  head.indeterminate = !whole && picked.length > 0;
  form.hidden = !picked.length;
  form.querySelector("#everything").replaceChildren();
  form.querySelector("[data-everything]").hidden = !whole || !document.querySelector("#list a[rel=next], #list a[rel=prev]");
  form.querySelector("[data-picked]").textContent = picked.length;
  document.body.classList.toggle("choosing", picked.length > 0);
}

// With Shift everything between the last one and this one.
function pickRange(pick) {
  const all = picks();
  const [from, to] = [all.indexOf(lastPick), all.indexOf(pick)].sort((a, b) => a - b);
  if (from >= 0) all.slice(from, to + 1).forEach((one) => { one.checked = pick.checked; });
}

document.addEventListener("click", (event) => {
  if (!event.target.matches("[data-rows] .pick input[name]")) return;
  if (event.shiftKey) pickRange(event.target);
  lastPick = event.target;
  count();
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-pick-all]")) return;
  picks().forEach((pick) => { pick.checked = event.target.checked; });
  count();
});

document.addEventListener("reset", (event) => {
  if (event.target === bar()) setTimeout(count);
});

// The server has counted all that match: that number is what the bar says now.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "everything") { if (event.target.id !== "panel-body") count(); return; }
  const all = event.target.querySelector("[data-count]");
  if (!all) return;
  bar().querySelector("[data-everything]").hidden = true;
  bar().querySelector("[data-picked]").textContent = all.dataset.count;
});

// --- Keys
const writes = (target) => target.closest?.("textarea, select, [contenteditable], input:not([type=checkbox])");
const inMenu = () => document.querySelector("dialog[open], .dropdown-menu.show");

function press(event) {
  if (event.key === "Escape" && panel && !panel.hidden && !inMenu() && !event.defaultPrevented) { close(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || writes(event.target) || inMenu()) return;
  const at = document.activeElement.closest?.("[data-rows] tr[data-href]") ?? openRow();
  if (event.key === "j" || event.key === "k") linkOf(step(at, event.key === "j" ? 1 : -1))?.focus();
  else if (event.key === "x") at?.querySelector(".pick input")?.click();
}
document.addEventListener("keydown", press);

// --- Columns in the order somebody wants
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move]");
  if (!button) return;
  const item = button.closest("li");
  if (button.dataset.move === "-1") item.previousElementSibling?.before(item);
  else item.nextElementSibling?.after(item);
  button.focus();
});

openAtOnce();
count();
