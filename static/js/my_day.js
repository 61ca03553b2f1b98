// Says on My day how many notes of this person still lie on this device.
import { notesOf } from "./drafts.js";

const link = document.querySelector("#unsent-note");

async function show() {
  const count = (await notesOf(document.body.dataset.user)).length;
  link.querySelector("span").textContent = count === 1 ? link.dataset.one : link.dataset.many.replace("%s", count);
  link.hidden = !count;
}

document.addEventListener("note", () => show().catch(() => {}));
show().catch(() => {});
