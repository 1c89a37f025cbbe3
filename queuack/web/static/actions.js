// Buttons and forms that change something: data-action="METHOD /api/v2/…", with an optional data-body (JSON) and
// data-confirm. The answer's error is shown in words; live parts are looked at anew.
import { refresh } from "./live.js";

export function csrf() {
  return document.querySelector("meta[name=csrf]").content;
}

export async function send(method, address, body) {
  const answer = await fetch(address, {
    method,
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf() },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  const said = text ? JSON.parse(text) : null;
  if (!answer.ok) throw new Error(words(said?.detail) || `${answer.status} ${answer.statusText}`);
  return said;
}

function words(detail) {
  if (Array.isArray(detail)) return detail.map((one) => `${one.loc?.slice(1).join(".")}: ${one.msg}`).join("; ");
  return typeof detail === "string" ? detail : detail ? JSON.stringify(detail) : "";
}

export function toast(text, bad = false) {
  const place = document.getElementById("toast");
  place.textContent = text;
  place.className = bad ? "shown bad" : "shown";
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => (place.className = ""), bad ? 8000 : 3000);
}

export function startActions() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-action]");
    if (!button || button.disabled) return;
    event.preventDefault();
    if (button.dataset.confirm && !confirm(button.dataset.confirm)) return;
    const [method, address] = button.dataset.action.split(" ");
    const body = button.dataset.body ? JSON.parse(button.dataset.body) : undefined;
    button.disabled = true;
    try {
      await send(method, address, body);
      if (button.dataset.done) toast(button.dataset.done);
      if (button.dataset.then) location.href = button.dataset.then;
      refresh();
    } catch (error) {
      toast(error.message, true);
    } finally {
      button.disabled = false;
    }
  });
}
