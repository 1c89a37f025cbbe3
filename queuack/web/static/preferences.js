// Theme and time zone, kept in the browser.

export function zone() {
  return localStorage.getItem("zone") || "local";
}

export function startPreferences() {
  const theme = document.getElementById("theme");
  const zones = document.getElementById("zone");
  if (!theme || !zones) return;
  theme.value = localStorage.getItem("theme") || "";
  theme.addEventListener("change", () => {
    if (theme.value) {
      localStorage.setItem("theme", theme.value);
      document.documentElement.dataset.theme = theme.value;
    } else {
      localStorage.removeItem("theme");
      delete document.documentElement.dataset.theme;
    }
  });
  zones.value = zone();
  zones.addEventListener("change", () => {
    localStorage.setItem("zone", zones.value);
    document.dispatchEvent(new CustomEvent("queuack:content"));
  });
}
