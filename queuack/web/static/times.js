// Keeps relative times true and shows exact ones in the person's zone.
import { zone } from "./preferences.js";

export function duration(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 86400) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86400).toFixed(1)} d`;
}

export function exactText(iso) {
  const at = new Date(iso);
  if (zone() === "utc") return iso.slice(0, 19).replace("T", " ") + " UTC";
  const two = (number) => String(number).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

function show(root = document) {
  for (const element of root.querySelectorAll("time[data-relative]")) {
    const seconds = (Date.now() - new Date(element.dateTime)) / 1000;
    const whole = Math.abs(seconds) < 60 ? Math.round(Math.abs(seconds)) : Math.abs(seconds);
    const words = whole < 1 ? "now" : whole < 60 ? `${whole} s` : duration(whole);
    const text = whole < 1 ? words : seconds >= 0 ? `${words} ago` : `in ${words}`;
    if (element.textContent !== text) element.textContent = text;
    element.title = exactText(element.dateTime);
  }
  for (const element of root.querySelectorAll("time[data-exact]")) {
    const text = exactText(element.dateTime);
    if (element.textContent !== text) element.textContent = text;
  }
}

export function startTimes() {
  show();
  setInterval(show, 1000);
  document.addEventListener("queuack:content", () => show());
}
