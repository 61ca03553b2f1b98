// The running result of an assessment: the sums of scoring/rules.py, worked out while one scores. The server has the
// last word when it is saved.

const form = document.querySelector("form[data-assess]");

function picked(row) {
  const radio = row.querySelector("input[type=radio]:checked");
  return radio && radio.value !== "" ? Number(radio.value) : null;
}

function sumOf(rows) {
  const sum = { score: 0, maximum: 0, weight: 0 };
  for (const row of rows) {
    const weight = Number(row.dataset.weight);
    const points = picked(row);
    sum.weight += weight;
    if (points === null) continue;
    sum.score += weight * points;
    sum.maximum += weight * 10;
  }
  return sum;
}

// Half up at two digits without a binary fraction in between: both sums are whole numbers.
function percentOf(part, whole) {
  return whole ? Math.floor((part * 20000 + whole) / (whole * 2)) / 100 : null;
}

function gradeOf(sum) {
  const coverage = sum.maximum / 10 / sum.weight * 100;
  if (!sum.maximum || coverage < Number(form.dataset.coverageNeeded)) return "NR";
  const whole = Math.floor((sum.score * 200 + sum.maximum) / (sum.maximum * 2));
  const bands = JSON.parse(form.dataset.bands).sort((a, b) => b.from - a.from);
  return bands.find((band) => whole >= band.from)?.grade ?? "NR";
}

function write(name, text) {
  for (const place of form.querySelectorAll(`[data-${name}]`)) place.textContent = text;
}

function writeGroup(section) {
  const sum = sumOf(section.querySelectorAll("[data-weight]"));
  const percent = percentOf(sum.score, sum.maximum);
  const bar = form.querySelector(`[data-bar="${CSS.escape(section.dataset.group)}"]`);
  bar.querySelector("rect").setAttribute("width", percent ?? 0);
  bar.querySelector("span").textContent = percent === null ? "–" : `${Math.round(percent)} %`;
}

function show() {
  const sum = sumOf(form.querySelectorAll("[data-weight]"));
  write("grade", sum.maximum ? gradeOf(sum) : "–");
  write("percent", percentOf(sum.score, sum.maximum)?.toFixed(2) ?? "–");
  write("score", sum.score);
  write("maximum", sum.maximum);
  write("coverage", percentOf(sum.maximum, sum.weight * 10).toFixed(2));
  form.querySelectorAll("[data-group]").forEach(writeGroup);
}

// Digits score the row one is in; Tab goes on to the next.
function scoreByKey(event) {
  const row = event.target.closest(".score-row");
  if (!row || event.target.type !== "radio" || event.ctrlKey || event.metaKey || event.altKey) return;
  const value = { 0: "10", "-": "" }[event.key] ?? event.key;
  const radio = [...row.querySelectorAll("input[type=radio]")].find((one) => one.value === value);
  if (!radio) return;
  event.preventDefault();
  radio.checked = true;
  radio.focus();
  show();
}

if (form) {
  form.addEventListener("change", show);
  form.addEventListener("keydown", scoreByKey);
  show();
}
