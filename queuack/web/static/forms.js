// Forms that send JSON: data-form="METHOD /api/v2/…"; {name} in the address stands for a field's value. A field's
// data-type says what its text becomes: json, integer, boolean (a checkbox), null (empty is null), optional (empty is
// left out); hidden ones with data-part are for the address only. data-open="id" opens a dialog; its data-fill (JSON)
// puts values into the form; data-close closes it.
import { send, toast } from "./actions.js";
import { refresh } from "./live.js";

function value(field) {
  const kind = field.dataset.type;
  if (kind === "boolean") return field.checked;
  const text = field.value;
  if (kind === "null" && text === "") return null;
  if (kind === "integer") {
    if (text === "") return null;
    const number = Number(text);
    if (!Number.isInteger(number)) throw new Error(`${words(field)} is a whole number.`);
    return number;
  }
  if (kind === "json") {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new Error(`${words(field)} is no JSON: ${error.message}`);
    }
  }
  return text;
}

function words(field) {
  return field.labels?.[0]?.textContent.trim() || field.name;
}

// The body of a form. Fields that were not given (optional ones left empty) are left out.
export function body(form) {
  const said = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || "part" in field.dataset) continue;
    if (field.dataset.type === "optional" && field.value === "") continue;
    said[field.name] = value(field);
  }
  return said;
}

function address(form, given = form.dataset.form) {
  const [method, path] = given.split(" ");
  return [method, path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(form.elements[name].value))];
}

async function submit(form, how, done) {
  const place = form.querySelector("[data-refused]");
  place.textContent = "";
  try {
    const [method, path] = address(form, how);
    await done(await send(method, path, body(form)));
  } catch (error) {
    place.textContent = error.message;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-form]");
  if (!form) return;
  event.preventDefault();
  submit(form, form.dataset.form, () => {
    form.closest("dialog")?.close();
    toast(form.dataset.done || "Done");
    refresh();
  });
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) open(document.getElementById(opener.dataset.open), opener);
  if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
  const test = event.target.closest("[data-test]");
  if (test) {
    submit(test.form, test.dataset.test, (said) => {
      const place = test.form.querySelector("[data-refused]");
      place.textContent = said.message || (said.status ? "It works." : "It does not work.");
      place.classList.toggle("fine", Boolean(said.status));
    });
  }
});

function open(dialog, opener) {
  const form = dialog.querySelector("form");
  form.reset();
  form.querySelector("[data-refused]").textContent = "";
  const filled = opener.dataset.fill ? JSON.parse(opener.dataset.fill) : {};
  for (const [name, given] of Object.entries(filled)) {
    const field = form.elements[name];
    if (!field) continue;
    if (field.type === "checkbox") field.checked = given === true;
    else field.value = given === null || given === undefined ? "" : typeof given === "object" ? JSON.stringify(given) : given;
  }
  dialog.showModal();
}
