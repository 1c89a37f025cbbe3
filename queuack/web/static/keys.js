// Everything a mouse can do, a keyboard can. A page offers keys with data-key="l" on a link or button.

function typing(target) {
  return target.closest("input, textarea, select, [contenteditable]");
}

export function startKeys() {
  document.querySelector("[data-keys]")?.addEventListener("click", () => document.getElementById("keys").showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && typing(event.target)) return event.target.blur();
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "/") {
      event.preventDefault();
      document.getElementById("find")?.focus();
    } else if (event.key === "?") {
      document.getElementById("keys").showModal();
    } else if (event.key.startsWith("Arrow")) {
      move(event);
    } else {
      const offered = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
      if (offered) {
        event.preventDefault();
        offered.click();
      }
    }
  });
}

// Rows with data-row take the focus one after the other.
function move(event) {
  if (!["ArrowUp", "ArrowDown"].includes(event.key)) return;
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length || event.target.closest("[data-grid]")) return;
  const at = rows.indexOf(document.activeElement.closest("[data-row]"));
  const next = rows[Math.max(0, Math.min(rows.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))];
  event.preventDefault();
  (next.matches("a, button") ? next : next.querySelector("a") || next).focus();
}
