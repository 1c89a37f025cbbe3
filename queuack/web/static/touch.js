// What changes runs and task instances asks first and shows what it will touch. A button carries data-touch, JSON:
// {title, says, go, preview: [method, address], act: [method, address], body, options: [[name, words, on]], note, then}
// With "preview" the same body is sent with dry_run and the answer's task_instances are listed.
import { send, toast } from "./actions.js";
import { refresh } from "./live.js";

let dialog = null;
let asked = 0;

function bodyOf(spec) {
  const body = { ...(spec.body || {}) };
  for (const box of dialog.querySelectorAll(".options input")) body[box.name] = box.checked;
  const note = dialog.querySelector("textarea");
  if (spec.note !== undefined && (spec.noteNeeded || note.value !== spec.note)) body.note = note.value;
  return body;
}

async function preview(spec) {
  const place = dialog.querySelector(".preview");
  const go = dialog.querySelector("[value=act]");
  place.replaceChildren();
  if (!spec.preview) return;
  const number = ++asked;
  go.disabled = true;
  try {
    const [method, address] = spec.preview;
    const body = bodyOf(spec);
    delete body.note;
    const said = await send(method, address, address.endsWith("/dry_run") ? body : { ...body, dry_run: true });
    if (number !== asked) return;
    const found = said.task_instances || [];
    const head = document.createElement("b");
    head.textContent = found.length === 1 ? "1 task instance" : `${said.total_entries ?? found.length} task instances`;
    const list = document.createElement("ul");
    for (const one of found.slice(0, 200)) {
      const item = document.createElement("li");
      const state = document.createElement("span");
      state.className = `state s-${one.state || "none"}`;
      state.textContent = one.state || "none";
      const index = one.map_index >= 0 ? ` [${one.map_index}]` : "";
      item.append(`${one.task_id}${index}  `, state, spec.manyRuns ? `  ${one.dag_run_id || ""}` : "");
      list.append(item);
    }
    place.replaceChildren(head, list);
    go.disabled = !found.length;
  } catch (error) {
    if (number !== asked) return;
    place.textContent = error.message;
    place.className = "preview why bad";
  }
}

function open(spec) {
  dialog.spec = spec;
  dialog.querySelector("h2").textContent = spec.title;
  dialog.querySelector(".says").textContent = spec.says || "";
  dialog.querySelector(".preview").className = "preview";
  const options = dialog.querySelector(".options");
  for (const label of options.querySelectorAll("label")) label.remove();
  for (const [name, words, on] of spec.options || []) {
    const label = options.appendChild(document.createElement("label"));
    label.className = "inline";
    const box = label.appendChild(document.createElement("input"));
    box.type = "checkbox";
    box.name = name;
    box.checked = Boolean(on);
    label.append(words);
    box.addEventListener("change", () => preview(spec));
  }
  dialog.querySelector(".note").hidden = spec.note === undefined;
  dialog.querySelector("textarea").value = spec.note || "";
  const go = dialog.querySelector("[value=act]");
  go.textContent = spec.go || "Do it";
  go.disabled = false;
  dialog.showModal();
  preview(spec);
}

async function act(spec) {
  try {
    await send(spec.act[0], spec.act[1], spec.act[0] === "DELETE" ? undefined : bodyOf(spec));
    toast(spec.done || "Done.");
    if (spec.then) location.href = spec.then;
    else refresh();
  } catch (error) {
    toast(error.message, true);
  }
}

dialog = document.getElementById("touch");
if (dialog) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-touch]");
    if (!button) return;
    event.preventDefault();
    open(JSON.parse(button.dataset.touch));
  });
  dialog.addEventListener("close", () => dialog.returnValue === "act" && act(dialog.spec));
  dialog.addEventListener("cancel", () => (dialog.returnValue = ""));
}
