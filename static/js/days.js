// Chips that set a day some time from today: `data-due` is 3d, 7d or 1m, `data-days-for` names the field.
export function dayIn(step) {
  const [, count, unit] = step.match(/^(\d+)([dm])$/);
  const today = new Date();
  const day = new Date(today.getFullYear(), today.getMonth(), today.getDate());
  if (unit === "d") day.setDate(day.getDate() + Number(count));
  else {
    const last = new Date(day.getFullYear(), day.getMonth() + Number(count) + 1, 0).getDate();
    day.setMonth(day.getMonth() + Number(count), Math.min(day.getDate(), last));
  }
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

for (const row of document.querySelectorAll("[data-days-for]")) {
  const field = document.getElementById(row.dataset.daysFor);
  const chips = [...row.querySelectorAll("[data-due]")];
  const show = () => chips.forEach((chip) => chip.setAttribute("aria-pressed", String(field.value === dayIn(chip.dataset.due))));
  chips.forEach((chip) => chip.addEventListener("click", () => { field.value = dayIn(chip.dataset.due); show(); }));
  field.addEventListener("input", show);
  row.hidden = false;
  show();
}
