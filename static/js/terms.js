// A word of the field shows its meaning beside itself: on hover, with the keyboard on Enter, on a phone by a tap. Esc, another
// tap or going elsewhere closes it. With Ctrl or without this module it is a link to the glossary. The head of a column says
// its meaning too; a click on it sorts.
const WAIT = 250;
const GAP = 6;
let timer, shown, pinned;

const box = document.createElement("div");
box.className = "meaning";
box.id = "meaning";
box.popover = "manual";
box.setAttribute("role", "tooltip");
document.body.append(box);

function fill({ name, meaning, formula }) {
  const parts = [["b", name], ["span", meaning], ["code", formula]].filter(([, text]) => text);
  box.replaceChildren(...parts.map(([tag, text]) => Object.assign(document.createElement(tag), { textContent: text })));
}

// Below the word, or above it where there is no room; never beyond the edge.
function place(word) {
  const { left, top, bottom } = word.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = box;
  const below = bottom + GAP + height <= window.innerHeight;
  box.style.left = `${Math.max(GAP, Math.min(left, window.innerWidth - width - GAP))}px`;
  box.style.top = `${below ? bottom + GAP : Math.max(GAP, top - GAP - height)}px`;
}

function show(word) {
  clearTimeout(timer);
  if (shown === word) return;
  hide();
  shown = word;
  fill(word.dataset);
  word.setAttribute("aria-describedby", "meaning");
  box.showPopover();
  place(word);
}

function hide() {
  clearTimeout(timer);
  shown?.removeAttribute("aria-describedby");
  shown = pinned = null;
  if (box.matches(":popover-open")) box.hidePopover();
}

const termAt = (event) => event.target.closest?.("[data-meaning]");
const later = (deed) => {
  clearTimeout(timer);
  timer = setTimeout(deed, WAIT);
};

document.addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch") return;
  const word = termAt(event);
  if (word) later(() => show(word));
  else if (box.contains(event.target)) clearTimeout(timer);
  else if (shown && shown !== pinned && document.activeElement !== shown) later(hide);
  else if (!shown) clearTimeout(timer);
});
document.addEventListener("focusin", (event) => {
  const word = termAt(event);
  if (!word) hide();
  else if (word.matches(":focus-visible")) show(word);
});
document.addEventListener("click", (event) => {
  const word = termAt(event);
  if (!word?.matches(".term") || event.ctrlKey || event.metaKey) return box.contains(event.target) || hide();
  event.preventDefault();
  if (pinned === word) return hide();
  show(word);
  pinned = word;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && shown) {
    event.stopPropagation();
    hide();
  }
}, true);
document.addEventListener("scroll", hide, { capture: true, passive: true });
