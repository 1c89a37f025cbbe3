// The grid: older runs come when one scrolls to them, news go into their columns, groups fold, arrows move, a click
// shows the answers beside it and Enter opens.
import { morph } from "./live.js";

const grid = document.getElementById("grid");
const list = document.getElementById("columns");
const scroller = grid.querySelector(".runs");
const panel = document.getElementById("panel");
const foldKey = `folded:${grid.dataset.dag}`;
const sheet = document.head.appendChild(document.createElement("style"));
let folded = new Set(JSON.parse(sessionStorage.getItem(foldKey) || "[]"));
let loading = false;

// Folding: rows are known by number, so one rule hides a row in every column.
function showFolds() {
  const rules = [];
  grid.querySelectorAll(".names > .t").forEach((row, number) => {
    if (row.dataset.in.split(" ").some((group) => folded.has(group))) rules.push(`.grid .r${number}`);
  });
  sheet.textContent = rules.length ? `${rules.join(",")}{display:none}` : "";
  for (const button of grid.querySelectorAll("[data-fold]")) {
    button.setAttribute("aria-expanded", folded.has(button.dataset.fold) ? "false" : "true");
  }
}

grid.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fold]");
  if (!button) return;
  const id = button.dataset.fold;
  if (!folded.delete(id)) folded.add(id);
  sessionStorage.setItem(foldKey, JSON.stringify([...folded]));
  showFolds();
});

// Cells are reached by arrows; one of them by Tab.
function offerFocus() {
  const cells = list.querySelectorAll("a:not([tabindex])");
  for (const cell of cells) cell.tabIndex = -1;
  if (!list.querySelector('a[tabindex="0"]')) list.querySelector("li:last-child a")?.setAttribute("tabindex", "0");
}

grid.addEventListener("keydown", (event) => {
  const cell = event.target.closest("li > a");
  if (!cell || !event.key.startsWith("Arrow")) return;
  event.preventDefault();
  const column = cell.parentElement;
  const at = [...column.children].indexOf(cell);
  let next = null;
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    let beside = column;
    do beside = event.key === "ArrowLeft" ? beside.previousElementSibling : beside.nextElementSibling;
    while (beside && beside.children[at]?.tagName !== "A");
    next = beside?.children[at];
    if (!next && event.key === "ArrowLeft") older();
  } else {
    next = cell;
    do next = event.key === "ArrowUp" ? next.previousElementSibling : next.nextElementSibling;
    while (next && (next.tagName !== "A" || !next.offsetParent));
  }
  if (!next) return;
  cell.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
  next.scrollIntoView({ block: "nearest", inline: "nearest" });
});

// The panel: what the cell's page says first.
grid.addEventListener("click", async (event) => {
  const cell = event.target.closest("li > a");
  if (!cell || !event.detail || event.ctrlKey || event.metaKey || event.shiftKey || innerWidth < 900) return;
  event.preventDefault();
  list.querySelector(".sel")?.classList.remove("sel");
  cell.classList.add("sel");
  cell.focus({ preventScroll: true });
  await show(cell.getAttribute("href"));
});

async function show(address) {
  const answer = await fetch(address);
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const summary = page.getElementById("summary");
  if (!summary) return void (location.href = address);
  panel.replaceChildren(...summary.childNodes);
  const more = document.createElement("p");
  more.className = "row panel-more";
  for (const [words, view] of [["Open", ""], ...(address.includes("/tasks/") ? [["XCom", "?view=xcom"]] : [["Gantt", "?view=gantt"]])]) {
    const open = more.appendChild(document.createElement("a"));
    open.className = "btn";
    open.href = address + view;
    open.textContent = words;
  }
  panel.append(more);
  panel.dataset.of = address;
  panel.hidden = false;
  document.dispatchEvent(new CustomEvent("queuack:content"));
}

async function columns(before) {
  const answer = await fetch(grid.dataset.source + (before ? `?before=${before}` : ""));
  if (!answer.ok) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const got = page.querySelector("ul");
  if (got.dataset.shape !== grid.dataset.shape) return void location.reload();
  return { columns: [...got.children], next: answer.headers.get("X-Next") };
}

async function older() {
  if (loading || !grid.dataset.next) return;
  loading = true;
  const got = await columns(grid.dataset.next);
  if (got) {
    list.prepend(...got.columns.map((column) => document.importNode(column, true)));
    grid.dataset.next = got.next;
    offerFocus();
  }
  loading = false;
  if (got && nearOldest()) older();
}

// The scroller runs from right to left, so that it starts at the newest run: positions are zero or negative.
function nearOldest() {
  return scroller.scrollWidth - scroller.clientWidth + scroller.scrollLeft < 400;
}

async function newest() {
  const got = await columns("");
  for (const column of got?.columns ?? []) {
    const there = document.getElementById(column.id);
    if (there) morph(there, column);
    else list.append(document.importNode(column, true));
  }
  offerFocus();
  if (!panel.hidden && panel.dataset.of) show(panel.dataset.of);
}

let timer = 0;
document.addEventListener("queuack:news", (event) => {
  if (!timer && event.detail.some((subject) => subject === "runs" || subject === "dags")) {
    timer = setTimeout(() => {
      timer = 0;
      if (!document.hidden) newest();
    }, 400);
  }
});

scroller.addEventListener("scroll", () => nearOldest() && older(), { passive: true });
showFolds();
offerFocus();
if (nearOldest()) older();
