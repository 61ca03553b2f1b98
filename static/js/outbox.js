// Sends notes that wait for a connection: on every page, on load, when the network is back, when the page is looked at.
// First the text, then the photos, each under a name of its own that makes sending twice harmless; a lock keeps two tabs
// from doing it at once. A note leaves the device only after the server's yes.
import { find, forget, forgetText, keep, newId, notesOf, photoOf } from "./drafts.js";

const BUSY = new Set();
const EVERY = 30_000;
const TAKE_BACK_FOR = 60_000;
// Every page carries the secret of its session, also one without a form.
const token = () => JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";
const said = (note) => JSON.stringify(note.fields);

export function asForm(note) {
  const data = new FormData();
  data.set("client_id", note.client_id);
  for (const [name, values] of Object.entries(note.fields)) values.forEach((value) => data.append(name, value));
  return data;
}

export function post(url, data) {
  const headers = { Accept: "application/json", "X-CSRFToken": token() };
  return fetch(url, { method: "POST", body: data, headers, redirect: "manual", credentials: "same-origin" });
}

// What became of it: {outcome: "sent" | "offline" | "signin" | "refused", …what the server said}; of a note also
// "overtaken": an earlier version had arrived already, and what has been written since is a note of its own.
async function attempt(url, data) {
  let response;
  try {
    response = await post(url, data);
  } catch {
    return { outcome: "offline" };
  }
  if (response.type === "opaqueredirect" || response.status === 401 || response.status === 403) return { outcome: "signin" };
  if (response.status >= 500 || response.status === 429) return { outcome: "offline" };
  const answer = await response.json().catch(() => ({}));
  return { outcome: response.ok ? "sent" : "refused", ...answer };
}

const NEXT_STATE = { offline: "waiting", signin: "signin", refused: "attention" };

async function settle(key, answer) {
  const now = await find(key);
  if (now && now.state !== "draft") await keep({ ...now, state: NEXT_STATE[answer.outcome], detail: answer.detail ?? "" });
  return answer;
}

async function overtaken(note) {
  const client_id = newId();
  await keep({ ...note, key: client_id, client_id, state: "attention", detail: "", why: "overtaken" });
  await forgetText(note.key);
  return { outcome: "overtaken", key: client_id };
}

async function sendText(note) {
  const answer = await attempt(note.url, asForm(note));
  if (answer.outcome !== "sent") return settle(note.key, answer);
  const now = (await find(note.key)) ?? note;
  if (!answer.same || said(now) !== said(note)) return overtaken(now);
  const { url, take_back, photos, plan } = answer;
  await keep({ ...now, state: "waiting", posted: { url, take_back, photos, plan }, detail: "" });
  return answer;
}

async function sendPhoto(note, photo) {
  const blob = await photoOf(photo.id);
  if (!blob) return { outcome: "refused" };
  const data = new FormData();
  data.set("photo_id", photo.id);
  data.set("file", blob, photo.name);
  return attempt(note.posted.photos, data);
}

// The photos that are left; stops where the connection does. What the server refuses stays for the person to look at.
async function sendPhotos(key) {
  const note = await find(key);
  for (const photo of note.photos.filter((one) => !one.sent)) {
    const answer = await sendPhoto(note, photo);
    if (answer.outcome === "offline" || answer.outcome === "signin") return settle(key, answer);
    Object.assign(photo, answer.outcome === "sent" ? { sent: true } : { refused: answer.detail ?? "" });
    await keep(note);
  }
  const refused = note.photos.find((photo) => !photo.sent);
  const end = refused ? { state: "attention", detail: refused.refused } : { state: "sent", sentAt: Date.now(), detail: "" };
  await keep({ ...note, ...end });
  return { outcome: refused ? "refused" : "sent", detail: refused?.refused };
}

async function sendOnce(key) {
  const note = await find(key);
  if (!note || !["waiting", "signin"].includes(note.state)) return null;
  const text = note.posted ? { outcome: "sent", url: note.posted.url } : await sendText(note);
  if (text.outcome !== "sent") return text;
  const photos = await sendPhotos(key);
  return { outcome: "sent", url: text.url, photos: photos.outcome };
}

async function sendLocked(key) {
  if (!navigator.locks) return sendOnce(key);
  return navigator.locks.request(`dossier:${key}`, { ifAvailable: true }, (lock) => (lock ? sendOnce(key) : null));
}

// Other tabs hear what became of a note that they may be showing.
const others = globalThis.BroadcastChannel ? new BroadcastChannel("dossier-notes") : null;

export async function send(key) {
  if (BUSY.has(key)) return null;
  BUSY.add(key);
  try {
    const answer = await sendLocked(key);
    if (answer) others?.postMessage({ key, answer });
    return answer;
  } finally {
    BUSY.delete(key);
  }
}

async function flush(user, told) {
  const notes = await notesOf(user);
  for (const note of notes) if (note.state === "sent" && Date.now() - note.sentAt > TAKE_BACK_FOR) await forget(note);
  if (!navigator.onLine) return;
  for (const { key } of notes) {
    const answer = await send(key);
    if (answer) told(key, answer);
  }
}

// Sends every note of this person that waits, now and whenever there is a chance; `told(key, answer)` hears the end.
export function watch(user, told) {
  const again = () => flush(user, told).catch(() => {});
  others?.addEventListener("message", ({ data }) => told(data.key, data.answer));
  setInterval(again, EVERY);
  for (const chance of ["online", "focus", "pageshow"]) window.addEventListener(chance, again);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && again());
  return again();
}

// Undo: the note is a draft again before the server is asked, and sent again if the server says no.
export async function takeBack(note) {
  const client_id = newId();
  const photos = note.photos.map(({ id, name }) => ({ id, name }));
  const { key, user, url, name, fields } = note;
  await keep({ key: client_id, client_id, user, url, name, fields, photos, state: "draft", synced: false, at: Date.now() });
  const answer = await attempt(note.posted.take_back, new FormData());
  await forgetText(answer.outcome === "sent" ? key : client_id);
  return answer;
}
