// What happened to notes, told at the lower edge of any page: that one has arrived – and may be taken back for a
// moment – and that one was not accepted.
import { notesOf } from "./drafts.js";
import { takeBack } from "./outbox.js";

const UNDO_FOR = 10_000;
const place = document.querySelector("#toasts");

function shown(kind) {
  const toast = document.querySelector(`#toast-${kind}`).content.firstElementChild.cloneNode(true);
  toast.querySelector("[data-close]").addEventListener("click", () => toast.remove());
  place.append(toast);
  return toast;
}

// Time stands still while somebody is reading with the pointer or the keyboard.
function fade(toast) {
  let timer;
  const start = () => { timer = setTimeout(() => toast.remove(), UNDO_FOR); };
  for (const event of ["pointerenter", "focusin"]) toast.addEventListener(event, () => clearTimeout(timer));
  for (const event of ["pointerleave", "focusout"]) toast.addEventListener(event, () => { clearTimeout(timer); start(); });
  start();
}

async function undo(note, toast) {
  const answer = await takeBack(note);
  if (answer.outcome === "sent") window.location.assign(note.url);
  else toast.querySelector("[data-text]").textContent = answer.detail || toast.dataset.failed;
}

function tellSent(note) {
  const toast = shown("sent");
  toast.querySelector("[data-name]").textContent = note.name;
  toast.querySelector("[data-plan]").href = note.posted.plan;
  toast.querySelector("[data-undo]").addEventListener("click", () => undo(note, toast));
  fade(toast);
}

const TOLD = "dossier-told";
const told = () => JSON.parse(sessionStorage.getItem(TOLD) ?? "[]");

// Each note once: on the page that was open when it arrived, or on the one that opened then.
export async function tellNotes(user) {
  const notes = await notesOf(user);
  const news = notes.filter((note) => note.state === "sent" && Date.now() - note.sentAt < UNDO_FOR && !told().includes(note.key));
  sessionStorage.setItem(TOLD, JSON.stringify([...told(), ...news.map((note) => note.key)].slice(-20)));
  news.forEach(tellSent);
  const refused = notes.some((note) => note.state === "attention");
  if (refused && !document.querySelector("#refused-note")) shown("refused").id = "refused-note";
  if (!refused) document.querySelector("#refused-note")?.remove();
  showCount(notes.filter((note) => note.state !== "sent").length);
}

function showCount(count) {
  for (const badge of document.querySelectorAll("[data-unsent]")) {
    badge.hidden = !count;
    badge.querySelector("[data-count]").textContent = count;
  }
}
