// Finds endpoints by a part of their path or words, and opens the one that the address names.
const box = document.getElementById("endpoint-filter");
const told = box.closest("p").querySelector("[role=status]");

function filter() {
  const wanted = box.value.trim().toLowerCase();
  let shown = 0;
  for (const section of document.querySelectorAll(".endpoints")) {
    let any = false;
    for (const one of section.querySelectorAll("details")) {
      const words = one.querySelector("summary").textContent + (one.querySelector("p")?.textContent ?? "");
      one.hidden = !words.toLowerCase().includes(wanted);
      any ||= !one.hidden;
      shown += one.hidden ? 0 : 1;
    }
    section.hidden = !any;
  }
  told.textContent = wanted ? `${shown} found` : "";
}

function openNamed() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named instanceof HTMLDetailsElement) {
    named.open = true;
    named.scrollIntoView();
  }
}

box.closest("p").hidden = false;
box.addEventListener("input", filter);
addEventListener("hashchange", openNamed);
openNamed();
