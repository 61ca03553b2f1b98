// Signing out takes everything off the device. Notes that have not been sent are sent first; where that fails, the person
// is asked before they go.
import { forgetEverything, unsentOf } from "./drafts.js";
import { send } from "./outbox.js";

async function sendAll(user) {
  if (!navigator.onLine) return;
  for (const { key } of await unsentOf(user)) await send(key);
}

async function leave(form) {
  await forgetEverything();
  form.submit();
}

function ask(form) {
  const dialog = document.querySelector("#leaving");
  dialog.querySelector("[data-leaves]").onclick = () => leave(form);
  dialog.showModal();
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-logout]")) return;
  event.preventDefault();
  const { user } = document.body.dataset;
  await sendAll(user).catch(() => {});
  if ((await unsentOf(user)).length) ask(form);
  else await leave(form);
});
