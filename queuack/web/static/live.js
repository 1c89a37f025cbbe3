// Live parts: elements with an id and data-live="subjects". When the server says that a subject changed, the page is
// fetched anew and those elements get their new content. What the person is looking at does not move: focus, scroll
// positions, open details and selected cells stay.

const PAUSE = 400;
let due = new Set();
let timer = 0;
let fetching = false;

export function startLive() {
  if (!document.querySelector("[data-live]")) return;
  const source = new EventSource("/events");
  source.onmessage = (event) => {
    for (const subject of event.data.split(" ")) due.add(subject);
    document.dispatchEvent(new CustomEvent("queuack:news", { detail: event.data.split(" ") }));
    plan();
  };
  document.addEventListener("visibilitychange", plan);
  addEventListener("pagehide", () => source.close());
}

export function refresh() {
  due.add("*");
  plan();
}

function plan() {
  if (!timer && due.size && !document.hidden) timer = setTimeout(renew, PAUSE);
}

function touched(element) {
  return due.has("*") || element.dataset.live.split(" ").some((subject) => due.has(subject));
}

async function renew() {
  timer = 0;
  if (fetching || document.hidden) return plan();
  const wanted = [...document.querySelectorAll("[data-live]")].filter(touched);
  due = new Set();
  if (!wanted.length) return;
  fetching = true;
  try {
    const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
    if (answer.redirected && new URL(answer.url).pathname === "/login") return location.reload();
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const element of wanted) {
      const other = fresh.getElementById(element.id);
      if (other) morph(element, other);
    }
    document.dispatchEvent(new CustomEvent("queuack:content"));
  } finally {
    fetching = false;
    plan();
  }
}

// Makes ``now`` like ``next``, touching only what differs.
export function morph(now, next) {
  if (now.isEqualNode(next)) return;
  if (now.nodeType !== next.nodeType || now.nodeName !== next.nodeName) return now.replaceWith(next.cloneNode(true));
  if (now.nodeType === Node.TEXT_NODE) {
    now.data = next.data;
    return;
  }
  if (now.nodeType !== Node.ELEMENT_NODE || now.hasAttribute("data-keep")) return;
  for (const { name, value } of [...next.attributes]) {
    if (name !== "open" && now.getAttribute(name) !== value) now.setAttribute(name, value);
  }
  for (const { name } of [...now.attributes]) {
    if (name !== "open" && name !== "tabindex" && !next.hasAttribute(name)) now.removeAttribute(name);
  }
  if (now.nodeName === "TIME" || (now.matches("input, select, textarea") && now === document.activeElement)) {
    if (now.nodeName === "TIME") now.textContent = next.textContent;
    return;
  }
  const keyed = new Map([...now.children].filter((child) => child.id).map((child) => [child.id, child]));
  let at = now.firstChild;
  for (const wanted of [...next.childNodes]) {
    const same = wanted.id && keyed.get(wanted.id);
    if (same && same !== at) now.insertBefore(same, at);
    const current = same || at;
    if (!current) {
      now.append(wanted.cloneNode(true));
      continue;
    }
    if (!same && current.id && wanted.id !== current.id) {
      now.insertBefore(wanted.cloneNode(true), current);
      continue;
    }
    at = current.nextSibling;
    morph(current, wanted);
  }
  while (at) {
    const rest = at.nextSibling;
    at.remove();
    at = rest;
  }
}
