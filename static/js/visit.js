// The page of a visit note: what is typed is kept on this device within a second and on the server when it answers,
// comes back after a reload, and leaves only when the server has the note.
import { find, forget, forgetText, fresh, keep, notesOf } from "./drafts.js";
import { fill, gathered, isEmpty, listen, moment, photoStrip, say, showErrors, tell, words } from "./note_form.js";
import { asForm, post, send } from "./outbox.js";

const LOCAL_AFTER = 300;
const SERVER_AFTER = 1500;

const form = document.querySelector("#note-form");
const restored = document.querySelector("#note-restored");
const other = document.querySelector("#other-draft");
const saveButton = document.querySelector("#save");
const keepWriting = document.querySelector("#keep-writing");
const { url, name, draftUrl, signIn, draftAt } = form.dataset;
const about = { url, name, user: document.body.dataset.user };
// The server's clock decides which of two drafts is newer: a phone's may be wrong.
const ahead = Date.now() - Date.parse(form.dataset.now);
const now = () => Date.now() - ahead;

let note = fresh({ ...about, client_id: form.elements.client_id.value });
let onDevice = true;
let localTimer, serverTimer;
const showPhotos = photoStrip(form, () => note, changedForGood, (word) => tell(words[word]));

// --- What the page says -----------------------------------------------------------------------------------------------
function showDraft() {
  if (!onDevice && !note.synced) { say("memory"); tell(words.memoryText); }
  else { say(note.synced ? "saved" : "device"); tell(""); }
}

function showState() {
  const waiting = note.state === "waiting";
  form.querySelector("fieldset").inert = waiting;
  keepWriting.hidden = !waiting;
  saveButton.hidden = waiting;
  if (waiting) { say("waiting"); tell(onDevice ? words.waitingText : words.memoryText); }
  else if (note.state === "signin") { say("attention"); tell(words.signinText, { href: signIn, text: words.signin }); }
  else if (note.state === "attention") { say("attention"); tell(words[note.why] || note.detail || words.refused); }
  else showDraft();
}

function showRestored() {
  restored.hidden = false;
  restored.querySelector("[data-restored]").textContent = words.restored.replace("{at}", moment(note.at));
  other.hidden = !note.other;
  if (note.other) other.textContent = words.other.replace("{at}", moment(note.other.at));
}

// --- Keeping ----------------------------------------------------------------------------------------------------------
function changed() {
  Object.assign(note, { fields: gathered(form), state: "draft", synced: false, at: now() });
  clearTimeout(localTimer);
  clearTimeout(serverTimer);
  localTimer = setTimeout(keepHere, LOCAL_AFTER);
  serverTimer = setTimeout(keepThere, SERVER_AFTER);
}

async function changedForGood() {
  changed();
  await keepHere();
}

async function keepHere() {
  clearTimeout(localTimer);
  onDevice = await keep(note);
  if (note.state === "draft") showDraft();
}

async function keepThere() {
  const sentFields = note.fields;
  const response = await post(draftUrl, asForm(note)).catch(() => null);
  if (!response || note.fields !== sentFields || note.state !== "draft") return;
  if (response.status === 409) { await writeOn(); return; }
  if (response.status !== 204) return;
  note.synced = true;
  await keepHere();
}

// The note has been sent, from another page or device: what is written here is a further one, if the person wants it.
async function writeOn() {
  const before = note;
  note = { ...fresh(about), fields: note.fields, photos: note.photos, at: note.at, synced: false, state: "attention", why: "overtaken" };
  await keep(note);
  await forgetText(before.key);
  showState();
}

// --- Sending ----------------------------------------------------------------------------------------------------------
function stopTimers() {
  clearTimeout(localTimer);
  clearTimeout(serverTimer);
}

async function save(event) {
  event.preventDefault();
  stopTimers();
  Object.assign(note, { fields: gathered(form), state: "waiting", detail: "", why: "", at: now() });
  delete note.other;
  showErrors(form);
  say("sending");
  saveButton.disabled = true;
  onDevice = await keep(note);
  const answer = await send(note.key);
  saveButton.disabled = false;
  if (answer) await became(answer);
}

async function became(answer) {
  if (answer.outcome === "sent") {
    say("sent");
    window.location.assign(answer.url);
    return;
  }
  note = (await find(answer.key ?? note.key)) ?? note;
  showState();
  showErrors(form, answer.errors);
}

async function discard() {
  stopTimers();
  await forget(note);
  const data = new FormData();
  data.set("discard", "1");
  await post(draftUrl, data).catch(() => null);
  note = fresh(about);
  onDevice = true;
  fill(form, { kind: [form.elements.kind.value] });
  restored.hidden = true;
  await showPhotos();
  showErrors(form);
  showState();
  say("");
}

// --- Two drafts: the newer one is shown, the other one kept -----------------------------------------------------------
const same = (one, two) => JSON.stringify(one) === JSON.stringify(two);

function chosen(here, there) {
  if (!there) return here;
  if (!here || (here.synced && here.state === "draft")) return { ...fresh({ ...about, client_id: there.client_id }), ...there, photos: here?.photos ?? [] };
  if (same(here.fields, there.fields)) return here;
  if (here.state !== "draft" || here.at >= there.at) return { ...here, other: there };
  return { ...here, fields: there.fields, at: there.at, other: { fields: here.fields, at: here.at } };
}

async function showOther() {
  const { fields, at } = note;
  Object.assign(note, { fields: note.other.fields, at: note.other.at, other: { fields, at } });
  fill(form, note.fields);
  showRestored();
  changed();
  await keepHere();
}

// --- The page ---------------------------------------------------------------------------------------------------------
function warn(event) {
  if (!onDevice && !note.synced && !isEmpty(note)) event.preventDefault();
}

async function goOn() {
  await changedForGood();
  showState();
  form.elements.content.focus();
}

function listenToAll() {
  listen(form, changed);
  form.addEventListener("submit", save);
  restored.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); discard(); });
  other.addEventListener("click", showOther);
  keepWriting.addEventListener("click", goOn);
  window.addEventListener("beforeunload", warn);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden" && note.state === "draft" && !isEmpty(note) && !note.synced) keepHere(); });
}

async function restore(here, there) {
  note = chosen(here, there);
  if (here && here.key !== note.key) { await forgetText(here.key); await keep(note); }
  fill(form, note.fields);
  showRestored();
  showState();
  await showPhotos();
}

async function begin() {
  const there = draftAt && { client_id: note.client_id, fields: gathered(form), at: Date.parse(draftAt), synced: true };
  const here = (await notesOf(about.user)).find((one) => one.url === url && !one.posted);
  listenToAll();
  if (here || there) await restore(here, there);
  form.elements.content.focus();
}

// Told by app.js, which sends what waits: it may speak before the page has read its own note.
document.addEventListener("note", (event) => { if (event.detail.key === note.key) became(event.detail.answer); });
begin();
