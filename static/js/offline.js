// The notes on this device: lists them and takes new ones of any kind, which outbox.js sends from the next page that opens.
// Without a connection it is the page that opens instead of any other. Then it knows nobody: whose device it is was left
// by the last page that was open.
import { atHand, forget, fresh, keep, lastUser, notesOf } from "./drafts.js";
import { fill, gathered, isEmpty, listen, photoStrip, say, tell, words } from "./note_form.js";

const KEEP_AFTER = 300;
const ASK_EVERY = 3_000;
const NOTE = /^\/customers\/([^/]+)\/visits\/new\/$/;
const TONES = { draft: "secondary", waiting: "orange", sent: "green", signin: "red", attention: "red" };
const form = document.querySelector("#note-form");
const list = document.querySelector("#notes");
const again = document.querySelector("#again");
const places = document.querySelector("#at-hand");
const row = document.querySelector("#note-row").content.firstElementChild;
const { number } = form.elements;
const live = Boolean(document.body.dataset.user);
const user = lastUser();
const blank = (url = "") => fresh({ user, url, fields: { kind: ["site"] } });

let note = blank();
let timer;
const showPhotos = photoStrip(form, () => note, changedForGood, (word) => tell(words[word]));

const numberOf = (address) => decodeURIComponent(address?.match(NOTE)?.[1] ?? "");
const addressOf = (text) => `/customers/${encodeURIComponent(text.trim())}/visits/new/`;
const nameOf = (text) => atHand().places.find((place) => place.number === text.trim())?.name ?? "";

// --- The notes on this device -----------------------------------------------------------------------------------------
function shown(one) {
  const line = row.cloneNode(true);
  const badge = line.querySelector("[data-state]");
  const arrived = one.posted && one.state !== "sent";
  line.querySelector("[data-number]").textContent = one.name || numberOf(one.url);
  line.querySelector("[data-text]").textContent = words[one.why] || one.detail || (arrived ? list.dataset.photos : one.fields.content?.[0] ?? "");
  badge.textContent = list.dataset[one.state] ?? "";
  badge.classList.add(`bg-${TONES[one.state]}-lt`);
  const [open, discard] = line.querySelectorAll("button");
  open.hidden = Boolean(one.posted);
  discard.hidden = !refused(one);
  open.addEventListener("click", () => openNote(one));
  discard.addEventListener("click", async () => { await forget(one); await showAll(); });
  return line;
}

const refused = (one) => one.state === "attention";

async function showAll() {
  const notes = await notesOf(user);
  list.replaceChildren(...notes.filter((one) => one.key !== note.key).map(shown));
  document.querySelector("#waiting").hidden = !list.children.length;
}

// --- The note that is being written -----------------------------------------------------------------------------------
async function openNote(one) {
  note = one;
  number.value = numberOf(note.url);
  fill(form, note.fields);
  showPlaces();
  await showPhotos();
  await showAll();
  document.querySelector("#new-note").hidden = isEmpty(note);
  number.focus();
}

function changed() {
  Object.assign(note, { fields: gathered(form), url: addressOf(number.value), name: nameOf(number.value), state: "draft", synced: false, at: Date.now() });
  clearTimeout(timer);
  timer = setTimeout(keepDraft, KEEP_AFTER);
}

async function changedForGood() {
  changed();
  await keepDraft();
}

async function keepDraft() {
  clearTimeout(timer);
  const kept = isEmpty(note) || (await keep(note));
  say(kept ? "device" : "memory");
  if (!kept) tell(words.memoryText);
}

// The moment it was written is the moment of the visit: it may be sent much later.
function written() {
  const now = new Date();
  return new Date(now - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

async function save(event) {
  event.preventDefault();
  changed();
  clearTimeout(timer);
  note.fields.happened_at ??= [written()];
  Object.assign(note, { state: "waiting", detail: "", why: "" });
  if (!(await keep(note))) { say("memory"); tell(words.memoryText); return; }
  if (live) { window.location.reload(); return; }
  form.reset();
  await openNote(blank());
  tell(words.waitingText);
  say("waiting");
}

// --- Which customer ---------------------------------------------------------------------------------------------------
function chip(place) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "chip", textContent: place.name });
  button.dataset.number = place.number;
  button.addEventListener("click", () => { number.value = place.number; showPlaces(); changed(); });
  return button;
}

function showPlaces() {
  for (const button of places.children) button.setAttribute("aria-pressed", String(button.dataset.number === number.value.trim()));
}

function offerPlaces() {
  const { places: kept } = atHand();
  places.replaceChildren(...kept.map(chip));
  places.hidden = !kept.length;
  showPlaces();
}

// --- The connection ---------------------------------------------------------------------------------------------------
// The browser speaks of a connection before there is one, or never: the server is asked. Nobody is torn from writing.
async function goOn() {
  if (note.state === "draft" && !isEmpty(note)) return;
  const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => null);
  if (answer?.ok) window.location.assign(again.href);
}

function watchConnection() {
  again.href = window.location.pathname === "/offline/" ? "/" : window.location.href;
  window.addEventListener("online", goOn);
  setInterval(goOn, ASK_EVERY);
}

function showLive() {
  document.querySelector("#back").hidden = false;
  again.hidden = true;
  for (const text of document.querySelectorAll("[data-live]")) text.textContent = text.dataset.live;
  document.addEventListener("note", showAll);
}

async function begin() {
  const asked = numberOf(window.location.pathname);
  number.value = asked;
  offerPlaces();
  form.hidden = document.querySelector("#savebar").hidden = !user;
  if (live) showLive();
  else watchConnection();
  listen(form, changed);
  number.addEventListener("input", showPlaces);
  form.addEventListener("submit", save);
  document.querySelector("#new-note").addEventListener("click", () => { form.reset(); openNote(blank()); });
  const begun = asked && (await notesOf(user)).find((one) => one.url === window.location.pathname && !one.posted && one.state !== "waiting");
  await openNote(begun || blank(window.location.pathname));
}

begin();
