// The SQL page: run by keyboard, saved queries (in this browser), columns into the query, charts of the result.
import { toast } from "./actions.js";
import { bars, histogram, line } from "./charts.js";

const form = document.getElementById("console");
const query = document.getElementById("q");
const KEY = "queries";

query.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  }
});

document.addEventListener("click", (event) => {
  const column = event.target.closest("[data-insert]");
  if (!column) return;
  query.setRangeText(column.dataset.insert, query.selectionStart, query.selectionEnd, "end");
  query.focus();
});

// ── saved queries: [{name, text}] ──
function saved() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) || [];
  } catch {
    return [];
  }
}

function keep(list) {
  localStorage.setItem(KEY, JSON.stringify(list));
  showSaved();
}

function showSaved() {
  const place = document.getElementById("saved");
  const found = saved();
  if (!found.length) return;
  place.replaceChildren(
    ...found.map(({ name, text }) => {
      const row = document.createElement("li");
      row.className = "row";
      const link = document.createElement("a");
      link.href = `/sql?q=${encodeURIComponent(text)}`;
      link.textContent = name;
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "link dim";
      remove.textContent = "×";
      remove.setAttribute("aria-label", `Forget ${name}`);
      remove.addEventListener("click", () => {
        keep(saved().filter((one) => one.name !== name));
        row.remove();
      });
      row.append(link, remove);
      return row;
    }),
  );
}

document.getElementById("save").addEventListener("click", () => {
  const text = query.value.trim();
  if (!text) return toast("There is no query to save.", true);
  const name = prompt("Name of the query");
  if (!name) return;
  keep([...saved().filter((one) => one.name !== name), { name, text }]);
  toast(`Saved as ${name}`);
});
showSaved();

// ── charts ──
const table = document.querySelector("table.result");
const draw = document.getElementById("draw");
if (table && document.querySelector("#y option")) {
  draw.hidden = false;
  const [kind, x, y] = ["kind", "x", "y"].map((id) => document.getElementById(id));
  const cells = [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent));
  const show = () => {
    for (const label of draw.querySelectorAll("[data-for]")) label.hidden = !label.dataset.for.split(" ").includes(kind.value);
    const rows = cells.filter((row) => row[y.value] !== "NULL" && Number.isFinite(Number(row[y.value])));
    const values = rows.map((row) => Number(row[y.value]));
    const words = rows.map((row) => row[x.value].replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*$/, "$1 $2"));
    const name = `${y.selectedOptions[0].text} by ${x.selectedOptions[0].text}`;
    const place = document.getElementById("chart");
    if (!kind.value || !values.length) return place.replaceChildren();
    const made = { bar: () => bars(values, words, name), line: () => line(values, words, name) };
    place.replaceChildren(kind.value === "histogram" ? histogram(values, y.selectedOptions[0].text) : made[kind.value]());
  };
  draw.addEventListener("change", show);
  show();
}
