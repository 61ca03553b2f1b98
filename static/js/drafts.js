// Notes on this device that the server does not have yet, in IndexedDB; photos lie beside them, so that a full device
// loses a photo and never a text. A note is {key, client_id, user, url, name, fields: {name: [values]}, photos: [{id,
// name, sent}], state, synced, at, detail, posted, sentAt}. `state` is draft, waiting (for a connection), signin (for
// its person), attention (somebody must look) or sent (kept for a moment, so that it can be taken back).
const DATABASE = "dossier";
const NOTES = "notes";
const PHOTOS = "photos";
const KEY = { [NOTES]: "key", [PHOTOS]: "id" };

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 2);
    request.onupgradeneeded = () => {
      for (const name of request.result.objectStoreNames) request.result.deleteObjectStore(name);
      for (const [name, keyPath] of Object.entries(KEY)) request.result.createObjectStore(name, { keyPath });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

// One transaction per call, closed at once, so that nobody holds the database open when it is to be wiped.
async function within(name, mode, work) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(name, mode);
      const request = work(transaction.objectStore(name));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

// What the device has no room for, or keeps in no private window: here until the page is left.
const memory = { [NOTES]: new Map(), [PHOTOS]: new Map() };

// Whether the device keeps it.
async function put(name, record) {
  const key = record[KEY[name]];
  try {
    await within(name, "readwrite", (store) => store.put(record));
    memory[name].delete(key);
    return true;
  } catch {
    memory[name].set(key, structuredClone(record));
    return false;
  }
}

const get = async (name, key) => memory[name].get(key) ?? (await within(name, "readonly", (store) => store.get(key)).catch(() => undefined));

async function remove(name, key) {
  memory[name].delete(key);
  await within(name, "readwrite", (store) => store.delete(key)).catch(() => {});
}

export const find = (key) => get(NOTES, key);
export const keep = (note) => put(NOTES, note);
export const keepPhoto = (photo) => put(PHOTOS, photo);
export const photoOf = async (id) => (await get(PHOTOS, id))?.blob;
export const forgetPhoto = (id) => remove(PHOTOS, id);
export const forgetText = (key) => remove(NOTES, key);

export async function forget(note) {
  await forgetText(note.key);
  for (const photo of note.photos) await forgetPhoto(photo.id);
}

export async function notesOf(user) {
  const kept = await within(NOTES, "readonly", (store) => store.getAll()).catch(() => []);
  const notes = new Map(kept.map((note) => [note.key, note]));
  for (const [key, note] of memory[NOTES]) notes.set(key, note);
  return [...notes.values()].filter((note) => note.user === user).sort((one, other) => other.at - one.at);
}

// What the person still has to send; a note that has arrived counts as long as a photo of it has not.
export const unsentOf = async (user) => (await notesOf(user)).filter((note) => note.state !== "sent");

export function fresh(about) {
  const client_id = about.client_id ?? newId();
  return { fields: {}, photos: [], state: "draft", synced: true, at: 0, ...about, client_id, key: client_id };
}

// Whose device it is, and which customers are at hand: the page without a connection cannot ask.
const USER = "dossier-user";
const PLACES = "dossier-places";
const DAYS_AT_HAND = 3;
const DAY = 24 * 3600 * 1000;
export const lastUser = () => localStorage.getItem(USER) ?? "";
export const remember = (user) => localStorage.setItem(USER, user);

export const keepPlaces = (places) => localStorage.setItem(PLACES, JSON.stringify({ at: Date.now(), places }));
export const forgetPlaces = () => localStorage.removeItem(PLACES);

// {at, places: [{number, name}]}; after a few days without the server nothing: nobody knows whose customers they are now.
export function atHand() {
  const kept = JSON.parse(localStorage.getItem(PLACES) ?? "null");
  if (kept && Date.now() - kept.at < DAYS_AT_HAND * DAY) return kept;
  forgetPlaces();
  return { at: 0, places: [] };
}

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export async function forgetNotes() {
  forgetPlaces();
  for (const name of Object.keys(KEY)) {
    memory[name].clear();
    await within(name, "readwrite", (store) => store.clear()).catch(() => {});
  }
}

// On sign-out nothing stays on the device: no note, no name, no cache.
export async function forgetEverything() {
  localStorage.removeItem(USER);
  for (const name of (await globalThis.caches?.keys()) ?? []) await caches.delete(name);
  await forgetNotes();
}
