// What every page does: keys, the search box, rows that open, and what becomes of the notes on this device.
import "./answers.js";
import { atHand, forgetEverything, forgetNotes, forgetPlaces, keepPlaces, lastUser, remember } from "./drafts.js";
import "./forms.js";
import "./keys.js";
import "./leaving.js";
import { watch } from "./outbox.js";
import "./terms.js";
import { tellNotes } from "./toasts.js";

const AN_HOUR = 3_600_000;

document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-href]");
  if (!row || event.target.closest("a, button, input, label")) return;
  if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, "_blank", "noopener");
  else window.location.assign(row.dataset.href);
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});

// Whoever edits in place gives up with Escape.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") event.target.closest("[data-escapes]")?.querySelector("[data-cancel]")?.click();
});

// The open tab is in sight, on a narrow screen too.
function showTab() {
  const row = document.querySelector("#tab-row");
  const open = row?.querySelector("[aria-current]");
  if (open) row.scrollLeft = open.offsetLeft - (row.clientWidth - open.offsetWidth) / 2;
}
document.addEventListener("htmx:afterSettle", showTab);
showTab();

// Once the head of a customer has left the screen, the bar of its tabs says whose they are.
const head = document.querySelector(".subject");
if (head) {
  const bar = head.nextElementSibling;
  new IntersectionObserver(([seen]) => bar.classList.toggle("stuck", !seen.isIntersecting)).observe(head);
}

// Drawings have a module of their own, which only pages that have any load.
async function showCharts() {
  if (document.querySelector("figure[data-chart]")) (await import("./charts.js")).watchCharts();
}
document.addEventListener("htmx:afterSettle", showCharts);
showCharts();

// The shell is kept for the moment without a connection, and again after a sign-out has wiped it.
async function keepShell(address) {
  await navigator.serviceWorker.register(address);
  const worker = (await navigator.serviceWorker.ready).active;
  if (!(await caches.keys()).length) worker.postMessage("fill");
}

const { user, worker, places } = document.body.dataset;

// Another person's notes and customers are nobody's business here, nor those of somebody who may log no visits any more.
async function mind() {
  if (lastUser() && lastUser() !== user) await forgetEverything();
  if (places === "none") await forgetNotes();
  remember(user);
}

// The customers at hand, for the page without a connection: at most once an hour.
async function takeAlong() {
  if (places === "none" || Date.now() - atHand().at < AN_HOUR) return;
  const answer = await fetch(places, { headers: { Accept: "application/json" }, redirect: "manual" });
  if (answer.ok) keepPlaces((await answer.json()).places);
}

async function begin() {
  await mind();
  if (navigator.serviceWorker) keepShell(worker).catch(() => {});
  await watch(user, (key, answer) => {
    document.dispatchEvent(new CustomEvent("note", { detail: { key, answer } }));
    tellNotes(user);
  });
  await tellNotes(user);
  await takeAlong();
}

if (user) begin().catch(() => {});
else if (!document.querySelector("#note-form")) forgetPlaces();
