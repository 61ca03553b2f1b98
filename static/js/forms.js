// Forms lose nothing: before one is sent the page looks whether there is a connection and a session, and who leaves it
// with something written is asked first. What the server found wrong is where the keyboard begins.
import { carry, sayNoConnection, session, signInAgain } from "./answers.js";

const me = document.body.dataset.user;
const looking = new WeakSet();
const sure = new WeakSet();
const before = new WeakMap();
let leaving = false;

document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  if (event.defaultPrevented || form.method !== "post" || form.matches("[data-logout], [hx-post]")) return;
  if (!me || sure.delete(form)) {
    leaving = true;
    return;
  }
  event.preventDefault();
  if (looking.has(form)) return;
  looking.add(form);
  await send(form, submitter).finally(() => looking.delete(form));
});

async function send(form, submitter) {
  const now = await session();
  if (!now) return sayNoConnection();
  if ("user" in now && String(now.user) !== me) return signInAgain(() => submit(form, submitter));
  if (now.token) carry(now.token);
  submit(form, submitter);
}

function submit(form, submitter) {
  sure.add(form);
  form.requestSubmit(submitter);
  sure.delete(form);
}

const written = (form) =>
  new URLSearchParams([...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken")).toString();
const changed = (form) => before.has(form) && before.get(form) !== written(form);

document.addEventListener("focusin", ({ target: { form } }) => {
  if (form?.method === "post" && !form.matches("[data-unguarded], [data-draft-url]") && !before.has(form)) before.set(form, written(form));
});
document.addEventListener("htmx:afterRequest", ({ detail }) => detail.successful && before.delete(detail.elt));
window.addEventListener("beforeunload", (event) => {
  if (!leaving && [...document.forms].some(changed)) event.preventDefault();
});
window.addEventListener("pageshow", () => (leaving = false));

document.querySelector("[data-errors]")?.focus();
