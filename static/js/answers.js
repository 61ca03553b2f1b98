// What comes back when something fails: a word on the page that keeps what was typed, signing in again, a number to copy.
const wordsOf = (id) => document.querySelector(`#${id}`).innerHTML;

// Says something in the corner. The same words are not said twice at once.
export function say(words) {
  const [toasts, template] = ["#toasts", "#toast"].map((id) => document.querySelector(id));
  for (const old of toasts.children) if (old.dataset.words === words) old.remove();
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.dataset.words = words;
  toast.querySelector(".toast-words").innerHTML = words;
  toasts.append(toast);
}
export const sayNoConnection = () => say(wordsOf("no-connection"));

// Who is signed in now, and the secret that forms of this session carry; null without a connection.
export async function session() {
  const answer = await fetch("/session/", { cache: "no-store" }).catch(() => null);
  return answer && (answer.ok ? answer.json() : {});
}

export function carry(token) {
  for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = token;
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
}

// Asks for the password over the page; `then` runs once the same person is signed in again.
export async function signInAgain(then) {
  if (document.querySelector("#again-login")) return;
  const dialog = document.querySelector("#sign-in-again").content.firstElementChild.cloneNode(true);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = await signIn(event.target);
    if (wrong) return showWrong(dialog, wrong);
    dialog.close();
    then();
  });
  document.body.append(dialog);
  dialog.showModal();
}

// What was wrong, as a sentence; empty when it went well.
async function signIn(form) {
  const now = await session();
  if (!now) return document.querySelector("#no-connection").content.textContent;
  const headers = { "X-Requested-With": "XMLHttpRequest", "X-CSRFToken": now.token };
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers });
  if (answer.status === 429) return form.dataset.tooMany;
  if (!answer.ok) return sentencesOf((await answer.json()).form);
  carry((await session()).token);
  return "";
}

const sentencesOf = (form) => [form.errors, ...Object.values(form.fields).map((field) => field.errors)].flat().join(" ");

function showWrong(dialog, sentence) {
  const place = dialog.querySelector("[data-wrong]");
  place.textContent = sentence;
  place.hidden = false;
  dialog.querySelector("[type=password]").select();
}

// What a person set off is told to them; what the page asks by itself fails in silence and is asked again.
const ofAPerson = (detail) => detail.requestConfig?.triggeringEvent;

function repeat({ elt, requestConfig }) {
  if (elt.matches("form")) elt.requestSubmit();
  else window.htmx.trigger(elt, requestConfig.triggeringEvent.type);
}

document.addEventListener("htmx:sendError", ({ detail }) => ofAPerson(detail) && sayNoConnection());
document.addEventListener("htmx:responseError", ({ detail }) => {
  if (!ofAPerson(detail)) return;
  if (detail.xhr.status === 401) signInAgain(() => repeat(detail));
  else say(detail.xhr.getResponseHeader("X-Problem") ? detail.xhr.responseText : wordsOf("no-answer"));
});

document.addEventListener("click", async (event) => {
  event.target.closest("[data-closes]")?.closest("dialog, .toast-card")?.remove();
  if (event.target.closest("[data-goes-back]")) window.history.back();
  const copies = event.target.closest("[data-copies]");
  if (!copies) return;
  await navigator.clipboard.writeText(copies.dataset.copies);
  copies.querySelector("span").textContent = copies.dataset.copied;
});
for (const button of document.querySelectorAll("[data-goes-back]")) button.hidden = window.history.length < 2;
