// Says to those who do not see it what has changed of a job, and shows in the title how far it has come.
const title = document.title;
const region = document.querySelector("#job-said");

function follow() {
  const said = document.querySelector("#state")?.dataset.said;
  const bar = document.querySelector("#state progress");
  if (said && said !== region.textContent) region.textContent = said;
  document.title = bar?.max > 1 && bar.value < bar.max ? `${Math.floor((bar.value / bar.max) * 100)} % · ${title}` : title;
}
document.addEventListener("htmx:afterSettle", follow);
follow();
