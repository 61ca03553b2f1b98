// Draws each figure of components/chart.html from its table, when it comes near the screen. The words, the numbers and
// their formats are the table's; the colours are those of app.css, in the theme that is on. What cannot be drawn is
// there to be read: the table opens.
const NEAR = "400px";
const FONT = 12;
const drawn = new Map();
const still = window.matchMedia("(prefers-reduced-motion: reduce)");
const paper = window.matchMedia("print");

const library = () => (globalThis.echarts ? Promise.resolve() : import("../vendor/echarts.min.js"));
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--chart-${name}`).trim();

function read(figure) {
  const heads = [...figure.querySelectorAll("thead th")].slice(1);
  const rows = [...figure.querySelectorAll("tbody tr")];
  const labels = rows.map((row) => row.querySelector("th"));
  const series = heads.map((head, place) => ({ ...head.dataset, name: head.textContent, cells: rows.map((row) => row.cells[place + 1]) }));
  return { labels, series, unit: figure.dataset.chart, across: "across" in figure.dataset };
}

const valueOf = (cell) => { const data = cell.querySelector("data"); return data ? Number(data.value) : null; };

function seriesOf({ series, across }) {
  return series.map(({ name, shape, tone, stack, cells }) => ({
    name, stack, type: shape === "bar" ? "bar" : "line", data: cells.map(valueOf), color: colour(tone),
    step: shape === "step" ? "middle" : false, symbol: "circle", symbolSize: 5, showSymbol: cells.length < 9,
    lineStyle: { width: 2, type: shape === "dashed" ? [4, 3] : "solid" }, connectNulls: false,
    barMaxWidth: across ? 18 : 28, barGap: "10%", barCategoryGap: "28%",
    itemStyle: shape === "bar" && !stack ? { borderRadius: across ? [0, 2, 2, 0] : [2, 2, 0, 0] } : {},
    emphasis: { disabled: true },
  }));
}

// Shares of a whole are marked in quarters of it.
function shares(series, unit) {
  const most = Math.max(...series.flatMap(({ cells }) => cells.map(valueOf)));
  return unit === "percent" && most <= 100 ? { max: 100, interval: 25 } : {};
}

function axes({ labels, series, unit, across }) {
  const language = document.documentElement.lang;
  const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
  const text = { color: colour("text"), fontSize: FONT };
  const rows = { type: "category", data: labels.map((label) => label.dataset.short), axisTick: { show: false },
    axisLine: { onZero: false, lineStyle: { color: colour("line") } }, axisLabel: { ...text, hideOverlap: true, width: 130, overflow: across ? "truncate" : "none" }, inverse: across };
  const figures = { type: "value", splitNumber: 4, ...shares(series, unit), minInterval: unit === "count" || unit === "days" ? 1 : 0,
    splitLine: { lineStyle: { color: colour("line") } },
    axisLabel: { ...text, hideOverlap: true, formatter: (value) => short.format(value) + (unit === "percent" ? " %" : "") } };
  return across ? { xAxis: figures, yAxis: rows } : { xAxis: rows, yAxis: figures };
}

const hint = ({ labels, series }) => ({
  trigger: "axis", renderMode: "richText", confine: true, axisPointer: { type: "shadow", shadowStyle: { color: colour("shade") } },
  backgroundColor: colour("ground"), borderColor: colour("line"), textStyle: { color: colour("words"), fontSize: FONT + 1 },
  formatter: (points) => [labels[points[0].dataIndex].textContent,
    ...points.map((point) => `${point.marker} ${point.seriesName}  ${series[point.seriesIndex].cells[point.dataIndex].textContent}`)].join("\n"),
});

function option(figure) {
  const told = read(figure);
  return { ...axes(told), series: seriesOf(told), tooltip: hint(told), animation: !still.matches && !paper.matches, animationDuration: 250,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 4, right: 12, top: 10, bottom: 2, outerBoundsMode: "same", outerBoundsContain: "axisLabel" } };
}

async function draw(figure) {
  try {
    await library();
    const box = figure.querySelector(".chart-box");
    const chart = drawn.get(figure) ?? globalThis.echarts.init(box, null, { renderer: "canvas" });
    drawn.set(figure, chart);
    chart.setOption(option(figure), true);
    sized.observe(box);
  } catch (problem) {
    readInstead(figure, true);
    throw problem;
  }
}

// On paper everything is seen at once, as wide as the sheet: what is not drawn yet is drawn, or its table shown.
function print() {
  redraw();
  for (const figure of document.querySelectorAll("figure[data-watched]")) {
    if (globalThis.echarts) draw(figure).then(() => drawn.get(figure).resize());
    else readInstead(figure, paper.matches);
  }
}

function readInstead(figure, instead) {
  figure.querySelector(".chart-box").hidden = instead;
  figure.querySelector("details").open = instead;
}

function forget() {
  for (const [figure, chart] of drawn) if (!figure.isConnected) { chart.dispose(); drawn.delete(figure); }
}

function redraw() {
  forget();
  for (const [figure, chart] of drawn) chart.setOption({ ...option(figure), animation: false }, true);
}

const sized = new ResizeObserver((boxes) => {
  for (const { target } of boxes) drawn.get(target.closest("figure"))?.resize();
});
const near = new IntersectionObserver((seen) => {
  for (const { target, isIntersecting } of seen) if (isIntersecting) { near.unobserve(target); draw(target); }
}, { rootMargin: NEAR });

// Every figure on the page that is not watched yet; called again for what htmx brings.
export function watchCharts() {
  forget();
  for (const figure of document.querySelectorAll("figure[data-chart]:not([data-watched])")) {
    figure.dataset.watched = "";
    near.observe(figure);
  }
}

new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
paper.addEventListener("change", print);
