// Pan and zoom: the stage moves, what is live in it stays as the server sends it. Hovering shows a task's edges.
const view = document.querySelector(".graph-view");
const stage = view?.querySelector(".stage");
let x = 0;
let y = 0;
let scale = 1;

function show() {
  stage.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
}

function zoom(factor, cx = view.clientWidth / 2, cy = view.clientHeight / 2) {
  const next = Math.min(3, Math.max(0.05, scale * factor));
  x = cx - ((cx - x) * next) / scale;
  y = cy - ((cy - y) * next) / scale;
  scale = next;
  show();
}

function fit() {
  const svg = stage.querySelector("svg");
  const [width, height] = [svg.width.baseVal.value, svg.height.baseVal.value];
  scale = Math.min(1.2, view.clientWidth / width, view.clientHeight / height);
  x = Math.max(0, (view.clientWidth - width * scale) / 2);
  y = Math.max(0, (view.clientHeight - height * scale) / 2);
  show();
}

// A graph too large to read as a whole opens where something happens: at what failed or runs, else at its beginning.
const READABLE = 0.5;
function open() {
  fit();
  if (scale >= READABLE) return;
  scale = 0.8;
  const nodes = [...stage.querySelectorAll("[data-node]")];
  const left = (node) => node.transform.baseVal[0].matrix.e;
  const first = nodes.reduce((best, node) => (best && left(best) <= left(node) ? best : node), null);
  center(stage.querySelector(".node.s-failed") || stage.querySelector(".node.s-running") || first);
}

function center(node) {
  if (!node) return;
  const { e, f } = node.transform.baseVal[0].matrix;
  x = view.clientWidth / 3 - e * scale;
  y = view.clientHeight / 2 - f * scale;
  show();
}

function seek(text) {
  for (const node of stage.querySelectorAll(".hit")) node.classList.remove("hit");
  if (!text) return;
  const names = [...stage.querySelectorAll("[data-node]")];
  const found =
    names.find((node) => node.dataset.node.toLowerCase() === text) ||
    names.find((node) => node.dataset.node.toLowerCase().includes(text));
  if (!found) return;
  found.classList.add("hit");
  if (scale < READABLE) scale = 0.8;
  center(found);
}

function lift(id) {
  for (const edge of stage.querySelectorAll(".edge.near")) edge.classList.remove("near");
  if (!id) return;
  const name = CSS.escape(id);
  for (const edge of stage.querySelectorAll(`[data-from="${name}"], [data-to="${name}"]`)) edge.classList.add("near");
}

if (view) {
  const svg = stage.querySelector("svg");
  view.classList.add("moves");
  view.style.height = `${Math.min(Math.max(240, svg.height.baseVal.value + 40), innerHeight * 0.7)}px`;
  open();
  const find = document.getElementById("graph-find");
  find.hidden = false;
  find.addEventListener("input", () => seek(find.value.trim().toLowerCase()));
  let from = null;
  view.addEventListener("pointerdown", (event) => {
    if (event.button === 0) from = { x: event.clientX - x, y: event.clientY - y, moved: false, id: event.pointerId };
  });
  view.addEventListener("pointermove", (event) => {
    if (!from) return;
    const [dx, dy] = [event.clientX - from.x - x, event.clientY - from.y - y];
    if (!from.moved && Math.hypot(dx, dy) < 4) return;
    if (!from.moved) view.setPointerCapture(from.id);
    from.moved = true;
    x += dx;
    y += dy;
    show();
  });
  view.addEventListener("pointerup", () => {
    if (from?.moved) view.addEventListener("click", (event) => event.preventDefault(), { once: true, capture: true });
    from = null;
  });
  view.addEventListener("dragstart", (event) => event.preventDefault());
  view.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey && document.activeElement !== view) return;
      event.preventDefault();
      const box = view.getBoundingClientRect();
      zoom(Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top);
    },
    { passive: false },
  );
  view.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
    if (step) {
      event.preventDefault();
      event.stopPropagation();
      x += step[0];
      y += step[1];
      show();
    } else if (event.key === "+" || event.key === "-") zoom(event.key === "+" ? 1.25 : 0.8);
  });
  for (const button of document.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => (button.dataset.zoom === "fit" ? fit() : zoom(Number(button.dataset.zoom))));
  }
  stage.addEventListener("pointerover", (event) => lift(event.target.closest("[data-node]")?.dataset.node));
  stage.addEventListener("focusin", (event) => lift(event.target.closest("[data-node]")?.dataset.node));
}
