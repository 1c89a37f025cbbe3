// A log that grows: asks for what came after the last line, keeps to the end while the person is there; levels, search,
// wrap.
const log = document.getElementById("log");
const level = document.getElementById("log-level");
const find = document.getElementById("log-find");
const found = document.getElementById("log-found");
const wrap = document.getElementById("log-wrap");
const LEVELS = ["debug", "info", "warning", "error", "critical"];
const PAUSE = 700;
let over = log.dataset.over === "true";
let wanted = "";

function fits(line) {
  const rank = LEVELS.findIndex((name) => line.classList.contains(name));
  if (rank >= 0 && rank < LEVELS.indexOf(level.value)) return false;
  return !wanted || line.textContent.toLowerCase().includes(wanted);
}

function filter(lines) {
  for (const line of lines) line.hidden = !fits(line);
}

function all() {
  filter(log.children);
  const shown = [...log.children].filter((line) => !line.hidden).length;
  found.textContent = wanted || level.value !== "debug" ? `${shown} of ${log.children.length} lines` : "";
}

function atEnd() {
  return log.scrollHeight - log.scrollTop - log.clientHeight < 40;
}

function put(html) {
  if (!html) return;
  const stay = atEnd();
  const lines = new DOMParser().parseFromString(html, "text/html").body.children;
  filter(lines);
  log.append(...lines);
  if (stay) log.scrollTop = log.scrollHeight;
  document.getElementById("log-end").textContent = "";
}

async function more() {
  if (document.hidden) return setTimeout(more, PAUSE);
  const answer = await fetch(`${log.dataset.source}&offset=${log.dataset.offset}`).catch(() => null);
  if (answer?.ok) {
    const said = await answer.json();
    put(said.html);
    log.dataset.offset = said.offset;
    if (said.more) return more();
    if (said.over && over) return;
    over = said.over;
  }
  setTimeout(more, PAUSE);
}

level.addEventListener("change", all);
find.addEventListener("input", () => {
  wanted = find.value.toLowerCase();
  all();
});
wrap.checked = localStorage.getItem("wrap") !== "no";
wrap.addEventListener("change", () => {
  localStorage.setItem("wrap", wrap.checked ? "yes" : "no");
  log.classList.toggle("wrap", wrap.checked);
});
log.classList.toggle("wrap", wrap.checked);
document.getElementById("log-all")?.addEventListener("click", () => {
  log.replaceChildren();
  log.dataset.offset = "0";
  document.getElementById("log-begin").remove();
  if (over) more();
});
log.scrollTop = log.scrollHeight;
if (!over) more();
// A task that is cleared while its log is looked at begins a new try: its page shows it.
document.addEventListener("queuack:content", () => {
  const again = document.getElementById("summary")?.querySelector(".state.s-running, .state.s-queued");
  if (over && again && !location.search.includes("attempt=")) location.reload();
});
