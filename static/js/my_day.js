// Lists on My day the notes of this person that still lie on this device, each with the way to go on with it.
import { unsentOf } from "./drafts.js";

const NOTE = /^\/customers\/([^/]+)\/visits\/new\/$/;
const TONES = { draft: "secondary", waiting: "orange", signin: "red", attention: "red" };
const card = document.querySelector("#unsent");
const list = card.querySelector(".list-group");
const row = document.querySelector("#unsent-row").content.firstElementChild;

// The form of its customer takes a note up again; one that names none, or whose text has arrived, is among all the others.
function shown(note) {
  const line = row.cloneNode(true);
  const [name, text, badge] = line.querySelectorAll("span");
  const number = decodeURIComponent(note.url?.match(NOTE)?.[1] ?? "");
  line.href = number && !note.posted ? note.url : card.dataset.all;
  name.textContent = note.name || number || "–";
  text.textContent = note.posted ? list.dataset.photos : (note.fields.content?.[0] ?? "");
  badge.textContent = list.dataset[note.state] ?? "";
  badge.classList.add(`bg-${TONES[note.state]}-lt`);
  return line;
}

// A draft that the server has too is on its own list already.
const elsewhere = new Set([...document.querySelectorAll("[data-drafts] a")].map((link) => link.getAttribute("href")));
const hereOnly = (note) => note.state !== "draft" || !elsewhere.has(note.url);

async function show() {
  const notes = (await unsentOf(document.body.dataset.user)).filter(hereOnly);
  card.querySelector("h2").textContent = notes.length === 1 ? card.dataset.one : card.dataset.many.replace("%s", notes.length);
  list.replaceChildren(...notes.map(shown));
  card.hidden = !notes.length;
}

document.addEventListener("note", () => show().catch(() => {}));
show().catch(() => {});
