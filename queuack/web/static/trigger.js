// The trigger form: its controls and the configuration as JSON follow each other; the server has the last word.
import { send } from "./actions.js";
import { zone } from "./preferences.js";

const form = document.getElementById("trigger");
const conf = document.getElementById("conf");
const fields = [...form.querySelectorAll("[data-param]")];

// A datetime-local control holds wall time; instants are ISO 8601 with an offset, in the zone that times are shown in.
export function toInstant(wall) {
  if (!wall) return null;
  const full = wall.length === 16 ? `${wall}:00` : wall;
  return zone() === "utc" ? `${full}+00:00` : new Date(full).toISOString().replace(/\.000Z$/, "+00:00");
}

export function toWall(instant) {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return "";
  const shifted = zone() === "utc" ? at : new Date(at.getTime() - at.getTimezoneOffset() * 60000);
  return shifted.toISOString().slice(0, 19);
}

// kind → [value of a control (throws with words), put a value into it]
const kinds = {
  boolean: [(field) => field.checked, (field, value) => (field.checked = value === true)],
  integer: [(field) => number(field, true), text],
  number: [(field) => number(field, false), text],
  choice: [
    (field) => (field.value === "" ? null : JSON.parse(field.value)),
    (field, value) => choose(field, value === null ? "" : JSON.stringify(value)),
  ],
  choices: [
    (field) => [...field.querySelectorAll("input:checked")].map((box) => JSON.parse(box.value)),
    (field, value) => {
      const wanted = new Set((Array.isArray(value) ? value : []).map((one) => JSON.stringify(one)));
      for (const box of field.querySelectorAll("input")) box.checked = wanted.has(JSON.stringify(JSON.parse(box.value)));
    },
  ],
  lines: [
    (field) => (field.value === "" && "null" in field.dataset ? null : field.value.split("\n").filter((line) => line !== "")),
    (field, value) => (field.value = Array.isArray(value) ? value.join("\n") : ""),
  ],
  json: [json, (field, value) => (field.value = value === null ? "" : JSON.stringify(value, null, 2))],
  const: [(field) => JSON.parse(field.value), () => {}],
  datetime: [
    (field) => (field.value === field.dataset.wall ? field.dataset.value || null : toInstant(field.value)),
    (field, value) => instant(field, value),
  ],
  time: [(field) => (field.value.length === 5 ? `${field.value}:00` : plain(field)), text],
};
const otherwise = [plain, text];

function plain(field) {
  return field.value === "" && ("null" in field.dataset || ["date", "time"].includes(field.dataset.kind)) ? null : field.value;
}

function text(field, value) {
  field.value = value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

function number(field, whole) {
  if (field.validity.badInput) throw new Error("This is no number.");
  if (field.value === "") return null;
  const value = Number(field.value);
  if (whole && !Number.isInteger(value)) throw new Error("This must be a whole number.");
  return value;
}

function json(field) {
  if (field.value.trim() === "") return null;
  try {
    return JSON.parse(field.value);
  } catch (error) {
    throw new Error(`This is no JSON: ${error.message}`);
  }
}

function choose(field, wanted) {
  const same = [...field.options].find((option) => option.value === wanted);
  if (same) field.value = same.value;
}

function instant(field, value) {
  field.dataset.value = value || "";
  field.value = value ? toWall(value) : "";
  field.dataset.wall = field.value;
}

function read(field) {
  return (kinds[field.dataset.kind] || otherwise)[0](field);
}

// Words about what is wrong with a control, "" when nothing is.
function fault(field) {
  try {
    read(field);
  } catch (error) {
    return error.message;
  }
  if (field.matches("span")) return "";
  // browsers look at the length of what was typed only
  if (field.value && field.minLength > 0 && field.value.length < field.minLength) return `At least ${field.minLength} characters.`;
  if (field.maxLength > 0 && field.value.length > field.maxLength) return `At most ${field.maxLength} characters.`;
  return field.validity.valid ? "" : field.validationMessage || "This does not fit.";
}

function tell(field, words) {
  const place = form.querySelector(`[data-fault="${CSS.escape(field.dataset.param)}"]`);
  place.textContent = words;
  field.classList.toggle("invalid", words !== "");
  field.setAttribute("aria-invalid", String(words !== ""));
}

function object(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function written() {
  const found = conf.value.trim() === "" ? {} : JSON.parse(conf.value);
  if (!object(found)) throw new Error("a JSON object is needed: {…}");
  return found;
}

// What the controls say goes into the text; what the text has besides stays.
function fromFields() {
  let said;
  try {
    said = written();
  } catch {
    said = {};
  }
  for (const field of fields) {
    if (fault(field) === "" || field.validity?.valueMissing) {
      try {
        said[field.dataset.param] = read(field);
      } catch {
        // it is told beside the control
      }
    }
  }
  conf.value = JSON.stringify(said, null, 2);
  confFault("");
}

function fromText() {
  let said;
  try {
    said = written();
  } catch (error) {
    return confFault(`This is no configuration: ${error.message}`);
  }
  confFault("");
  for (const field of fields) {
    if (!(field.dataset.param in said)) continue;
    (kinds[field.dataset.kind] || otherwise)[1](field, said[field.dataset.param]);
    tell(field, fault(field));
  }
}

function confFault(words) {
  document.getElementById("conf-fault").textContent = words;
  conf.classList.toggle("invalid", words !== "");
}

function refuse(words) {
  const place = document.getElementById("refused");
  place.textContent = words;
  place.hidden = words === "";
  const named = fields.find((field) => words.includes(`'${field.dataset.param}'`));
  if (named) tell(named, words);
  if (words) place.scrollIntoView({ block: "center" });
}

for (const field of fields) {
  if (field.dataset.kind === "datetime") instant(field, field.dataset.value);
}
const date = document.getElementById("logical_date");
if (date.dataset.value) date.value = toWall(date.dataset.value);
else if ("now" in date.dataset) date.value = toWall(new Date().toISOString());

form.addEventListener("input", (event) => {
  if (event.target === conf) return fromText();
  const field = event.target.closest("[data-param]");
  if (!field) return;
  tell(field, fault(field));
  fromFields();
});

document.getElementById("like")?.addEventListener("change", (event) => {
  const address = new URL(location.href);
  address.search = event.target.value ? `?like=${encodeURIComponent(event.target.value)}` : "";
  location.href = address;
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  refuse("");
  const wrong = fields.filter((field) => {
    const words = fault(field);
    tell(field, words);
    return words !== "";
  });
  if (wrong.length) return wrong[0].focus();
  let said;
  try {
    said = written();
  } catch (error) {
    confFault(`This is no configuration: ${error.message}`);
    return conf.focus();
  }
  const value = (id) => document.getElementById(id)?.value.trim() || null;
  const body = { conf: said, logical_date: toInstant(date.value), dag_run_id: value("run_id"), note: value("note") };
  if (value("partition_key")) body.partition_key = value("partition_key");
  const button = form.querySelector("button.go");
  button.disabled = true;
  const dag = encodeURIComponent(form.dataset.dag);
  try {
    const run = await send("POST", form.dataset.post, body);
    if (document.getElementById("unpause")?.checked) {
      await send("PATCH", `/api/v2/dags/${dag}?update_mask=is_paused`, { is_paused: false });
    }
    location.href = `/dags/${dag}/runs/${encodeURIComponent(run.dag_run_id)}`;
  } catch (error) {
    refuse(error.message);
    button.disabled = false;
  }
});
