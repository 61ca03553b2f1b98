// The search box over any page: what is found appears below it as one types. Arrow keys choose, Enter opens, with Ctrl
// in a new tab, Esc closes.
const dialog = document.querySelector("#finder-box");
const box = document.querySelector("#finder");
const list = document.querySelector("#found");
const says = document.querySelector("#found-status");
let chosen = -1;
let answered = null; // what the list below the box is the answer to
let pressed = null; // Enter, pressed before the answer to what is typed was there

const options = () => [...list.querySelectorAll("[role=option]")];

function choose(place, follow = true) {
  const all = options();
  chosen = all.length ? (place + all.length) % all.length : -1;
  all.forEach((option, index) => {
    option.id = `found-${index}`;
    option.setAttribute("aria-selected", String(index === chosen));
  });
  box.setAttribute("aria-expanded", String(chosen >= 0));
  if (chosen < 0) { box.removeAttribute("aria-activedescendant"); box.removeAttribute("aria-controls"); return; }
  box.setAttribute("aria-controls", "options");
  box.setAttribute("aria-activedescendant", all[chosen].id);
  if (follow) all[chosen].scrollIntoView({ block: "nearest" });
}

// "Log visit …" is not a place but the beginning of a sentence.
function complete(option) {
  box.value = option.dataset.completes;
  box.focus();
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

function open(option, inNewTab) {
  if (option.dataset.completes) complete(option);
  else if (inNewTab) window.open(option.href, "_blank", "noopener");
  else window.location.assign(option.href);
}

function enter(inNewTab) {
  if (answered !== box.value) { pressed = { inNewTab }; return; }
  const option = options()[chosen];
  if (option) open(option, inNewTab);
}

function press(event) {
  if (event.isComposing) return;
  if (event.key === "Enter") { event.preventDefault(); enter(event.ctrlKey || event.metaKey); }
  else if (event.key === "ArrowDown") { event.preventDefault(); choose(chosen + 1); }
  else if (event.key === "ArrowUp") { event.preventDefault(); choose(chosen - 1); }
}

function showAnswer(event) {
  answered = event.detail.requestConfig.parameters.q;
  list.scrollTop = 0;
  choose(0, false);
  says.textContent = list.querySelector("#options")?.dataset.says ?? list.textContent.trim();
  if (pressed && answered === box.value) enter(pressed.inNewTab);
  pressed = null;
}

export function openFinder() {
  if (!dialog?.showModal) return false;
  if (!dialog.open) dialog.showModal();
  box.focus();
  box.select();
  box.dispatchEvent(new Event("opened"));
  return true;
}

if (dialog) {
  box.addEventListener("keydown", press);
  box.addEventListener("input", () => { pressed = null; });
  box.form.addEventListener("submit", (event) => { event.preventDefault(); enter(false); });
  list.addEventListener("htmx:afterSwap", showAnswer);
  list.addEventListener("mousemove", (event) => {
    const place = options().indexOf(event.target.closest("[role=option]"));
    if (place >= 0 && place !== chosen) choose(place, false);
  });
  dialog.addEventListener("close", () => box.blur()); // bare keys work again at once
  dialog.addEventListener("click", (event) => {
    const option = event.target.closest("[data-completes]");
    if (option && !event.ctrlKey && !event.metaKey) { event.preventDefault(); complete(option); }
    if (event.target === dialog || event.target.closest("[data-closes]")) dialog.close();
  });
}
