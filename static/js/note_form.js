// The fields of a visit note, with and without a connection: what they hold, and what makes them quick to fill in.
import { dayIn } from "./days.js";
import { forgetPhoto, keepPhoto, newId, photoOf } from "./drafts.js";
import { shrink } from "./photos.js";

const NOT_OF_THE_NOTE = ["csrfmiddlewaretoken", "client_id", "files", "number"];

export function gathered(form) {
  const fields = {};
  for (const [name, value] of new FormData(form)) {
    if (!NOT_OF_THE_NOTE.includes(name) && value !== "") (fields[name] ??= []).push(value);
  }
  return fields;
}

function fillField(field, values) {
  if (["radio", "checkbox"].includes(field.type)) field.checked = values.includes(field.value);
  else if (field.type !== "hidden" || values.length) field.value = values[0] ?? "";
}

export function fill(form, fields) {
  for (const field of form.elements) {
    if (field.name && !NOT_OF_THE_NOTE.includes(field.name)) fillField(field, fields[field.name] ?? []);
  }
  showHelpers(form);
  showChosen(form);
}

// The chosen kind is in sight, on a narrow screen too.
function showChosen(form) {
  const chosen = form.querySelector("[name=kind]:checked")?.parentElement;
  if (chosen) chosen.parentElement.scrollLeft = chosen.offsetLeft - chosen.parentElement.offsetLeft;
}

export const isEmpty = (note) => Object.keys(note.fields).every((name) => ["kind", "plan"].includes(name)) && note.photos.length === 0;

// --- Days to come, and the checklist that goes with the kind ----------------------------------------------------------
function showHelpers(form) {
  const { kind, next_step_due } = form.elements;
  form.querySelectorAll("[data-kinds]").forEach((list) => { list.hidden = !list.dataset.kinds.split(" ").includes(kind.value); });
  form.querySelectorAll("[data-due]").forEach((chip) => chip.setAttribute("aria-pressed", String(next_step_due.value === dayIn(chip.dataset.due))));
  form.querySelectorAll("[data-answer]").forEach((answer) => { answer.dataset.on = answer.checked ? "yes" : ""; });
}

// A second tap on an answer takes it back.
function takeBackAnswer(form, answer, changed) {
  if (!answer.matches?.("[data-answer]")) return;
  const same = answer.dataset.on === "yes";
  if (same) answer.checked = false;
  showHelpers(form);
  if (same) changed();
}

// `changed()` is called after each change by hand.
export function listen(form, changed) {
  form.addEventListener("input", (event) => { if (event.target.type !== "file" && !event.target.matches("[data-answer]")) changed(); });
  form.addEventListener("click", (event) => takeBackAnswer(form, event.target, changed));
  form.addEventListener("change", (event) => { if (event.target.matches("[data-answer]")) changed(); else showHelpers(form); });
  form.querySelectorAll("[data-due]").forEach((chip) => {
    chip.hidden = false;
    chip.addEventListener("click", () => { form.elements.next_step_due.value = dayIn(chip.dataset.due); showHelpers(form); changed(); });
  });
  showHelpers(form);
}

// --- Photos -----------------------------------------------------------------------------------------------------------
// The photos of the note that `current()` gives; `changed()` keeps it at once, so that a photo that is seen is kept;
// `told(word)` says what went wrong, by the name of the sentence.
export function photoStrip(form, current, changed, told) {
  const strip = form.querySelector("#photos");
  const blank = form.querySelector("#photo-tile").content.firstElementChild;

  function drop(photo, tile) {
    const note = current();
    note.photos = note.photos.filter((other) => other.id !== photo.id);
    URL.revokeObjectURL(tile.querySelector("img").src);
    tile.remove();
    forgetPhoto(photo.id);
    changed();
  }

  function show(photo, blob) {
    const tile = blank.cloneNode(true);
    if (blob) tile.querySelector("img").src = URL.createObjectURL(blob);
    tile.querySelector("button").addEventListener("click", () => drop(photo, tile));
    strip.append(tile);
  }

  async function add(file) {
    const photo = { id: newId(), ...(await shrink(file)) };
    if (!(await keepPhoto({ ...photo, user: current().user }))) told("photoMemory");
    current().photos.push({ id: photo.id, name: photo.name });
    await changed();
    show(photo, photo.blob);
  }

  form.querySelector("#photo-input").addEventListener("change", async (event) => {
    const files = [...event.target.files];
    event.target.value = "";
    for (const file of files) await add(file).catch(() => told("notAPicture"));
  });

  return async function showAll() {
    strip.querySelectorAll(".photo").forEach((tile) => { URL.revokeObjectURL(tile.querySelector("img").src); tile.remove(); });
    for (const photo of current().photos) show(photo, await photoOf(photo.id));
  };
}

// --- What the page says of the note -----------------------------------------------------------------------------------
const TONES = { saved: "green", device: "azure", memory: "red", waiting: "orange", attention: "red", sending: "azure", sent: "green" };
const badge = document.querySelector("#note-state");
const notice = document.querySelector("#note-notice");
export const words = badge?.dataset ?? {};

export function say(state) {
  badge.textContent = words[state] ?? "";
  badge.className = `badge ms-auto bg-${TONES[state] ?? "secondary"}-lt`;
  badge.dataset.state = state;
}

export function tell(text, link) {
  notice.replaceChildren(text);
  notice.hidden = !text;
  if (!link) return;
  const anchor = document.createElement("a");
  anchor.href = link.href;
  anchor.textContent = link.text;
  notice.append(" ", anchor);
}

export function showErrors(form, errors = {}) {
  form.querySelectorAll("[data-error-for]").forEach((place) => {
    const text = errors[place.dataset.errorFor] ?? "";
    place.textContent = text;
    place.hidden = !text;
  });
}

export const moment = (at) => new Date(at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
