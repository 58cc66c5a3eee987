// Keeps open pages up to date, and lets the keyboard do everything.
"use strict";
document.documentElement.classList.add("with-script");

// News: what is marked as live is fetched again and replaced where it differs.
const sign = document.getElementById("live");
let isAsking = false;
let isStale = false;

async function refresh() {
  if (isAsking) {
    isStale = true;
    return;
  }
  isAsking = true;
  try {
    do {
      isStale = false;
      const response = await fetch(location.href);
      if (response.redirected) location.reload();
      const news = new DOMParser().parseFromString(await response.text(), "text/html");
      document.querySelectorAll("[data-live]").forEach((piece) => renew(piece, news.getElementById(piece.id)));
    } while (isStale);
  } catch {
    // The next news, or the stream that opens again, asks once more.
  } finally {
    isAsking = false;
  }
}

function renew(piece, fresh) {
  if (!fresh || fresh.innerHTML === piece.innerHTML) return;
  const known = new Set([...piece.querySelectorAll(".rows > li")].map((entry) => entry.innerHTML));
  const focused = piece.contains(document.activeElement) ? document.activeElement : null;
  piece.replaceChildren(...fresh.childNodes);
  for (const entry of piece.querySelectorAll(".rows > li")) {
    if (!known.has(entry.innerHTML)) entry.classList.add("fresh");
  }
  if (focused) refocus(piece, focused);
  filterAll();
}

function refocus(piece, lost) {
  const same = lost.id ? document.getElementById(lost.id) : null;
  const href = lost.getAttribute("href");
  const link = [...piece.querySelectorAll("a")].find((candidate) => href && candidate.getAttribute("href") === href);
  (same ?? link)?.focus({ preventScroll: true });
}

const stream = new EventSource("/_sandbox/events");
stream.onmessage = refresh;
stream.onopen = () => setSign(true);
stream.onerror = () => setSign(false);
window.addEventListener("pagehide", () => stream.close());
window.addEventListener("pageshow", (event) => event.persisted && location.reload());

function setSign(isLive) {
  sign.textContent = isLive ? "live" : "not live";
  sign.classList.toggle("on", isLive);
}

// Filters
function filterAll() {
  for (const input of document.querySelectorAll("[data-filter]")) {
    const wanted = input.value.trim().toLowerCase();
    for (const entry of document.querySelectorAll(`#${input.dataset.filter} li`)) {
      entry.hidden = !entry.textContent.toLowerCase().includes(wanted) && !entry.querySelector(":checked");
    }
  }
}
document.addEventListener("input", (event) => event.target.matches("[data-filter]") && filterAll());
document.addEventListener("keydown", (event) => {
  // Enter in a filter must not send the form around it.
  if (event.key === "Enter" && event.target.matches("[data-filter]")) event.preventDefault();
});

// Search: the server finds, as soon as somebody stops typing.
const search = document.querySelector("[data-search]");
let typing = 0;
search?.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    const there = new URL(location.pathname, location.href);
    if (search.value.trim()) there.searchParams.set("q", search.value.trim());
    history.replaceState(null, "", there);
    refresh();
  }, 200);
});

// Copying
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const piece = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(piece.textContent);
    button.textContent = "Copied";
  } catch {
    // Without TLS only this machine's own pages may copy: then it is selected.
    getSelection().selectAllChildren(piece);
  }
});

// Shortcuts
const help = document.getElementById("keys");
document.getElementById("help").addEventListener("click", () => help.showModal());

function step(by) {
  const entries = [...document.querySelectorAll(".rows > li:not([hidden]), .entry")].map((entry) =>
    entry.querySelector("a, button"),
  );
  const at = entries.findIndex((entry) => entry?.parentElement.contains(document.activeElement));
  entries[Math.min(entries.length - 1, Math.max(0, at < 0 ? 0 : at + by))]?.focus();
}

function press(what) {
  const near = document.activeElement.closest(".entry") ?? document;
  near.querySelector(`[data-do="${what}"]`)?.click();
}

const shortcuts = {
  "?": () => help.showModal(),
  "/": () => document.getElementById("filter")?.focus(),
  j: () => step(1),
  k: () => step(-1),
  a: () => press("approve"),
  d: () => press("decline"),
  u: () => document.querySelector("[data-up]")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  if (event.key === "Escape" && event.target.matches("input")) event.target.blur();
  if (event.target.matches("input:not([type=checkbox]), select, textarea")) return;
  const section = document.querySelector(`nav [data-key="${CSS.escape(event.key)}"]`);
  const act = section ? () => section.click() : shortcuts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
