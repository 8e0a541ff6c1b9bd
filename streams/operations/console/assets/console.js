// Renews what a page shows: the server makes it, and only what has changed is replaced.
"use strict";

const live = document.getElementById("live");
const away = document.getElementById("away");
const parts = () => live.querySelectorAll("[data-part]");
const PATIENCE_MS = 10000;
const REST_MS_MAX = 30000;
let seen = new Date(); // when the server was last heard of
let rest = Number(live.dataset.every);

/** Whether somebody reads or types in there just now: it is renewed when they are done. */
function inUse(part) {
  const selection = document.getSelection();
  const marked = selection !== null && !selection.isCollapsed && part.contains(selection.anchorNode);
  return marked || (part.contains(document.activeElement) && document.activeElement.closest("summary, a, input") !== null);
}

/** Put what has changed in the place of what was; what was open stays open, and where it was. */
function renew(html) {
  const made = document.createElement("template");
  made.innerHTML = html;
  const fresh = made.content.querySelectorAll("[data-part]");
  const names = (nodes) => [...nodes].map((node) => node.dataset.part).join();
  if (names(fresh) !== names(parts())) {
    if (![...parts()].some(inUse)) live.replaceChildren(made.content);
    return;
  }
  const before = [...parts()];
  fresh.forEach((part, at) => {
    const old = before[at];
    for (const one of old.querySelectorAll("details[open]")) {
      const same = one.id && part.querySelector("#" + CSS.escape(one.id));
      if (same) same.open = true;
    }
    if (old.outerHTML === part.outerHTML || inUse(old)) return;
    const scrolled = new Map();
    for (const one of [old, ...old.querySelectorAll(".scroll")]) scrolled.set(one.id, one.scrollLeft);
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    old.replaceWith(part);
    for (const one of [part, ...part.querySelectorAll(".scroll")]) {
      if (one.id) one.scrollLeft = scrolled.get(one.id) ?? 0;
    }
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  });
}

async function look() {
  try {
    const answer = await fetch(location.href, {
      headers: { "Goeswith-Part": "live" },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (answer.status === 401) {
      location.reload();
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    renew(await answer.text());
    away.hidden = true;
    live.classList.remove("stale");
    seen = new Date();
    rest = Number(live.dataset.every);
  } catch {
    document.getElementById("since").textContent = seen.toISOString().slice(11, 19) + " UTC";
    away.hidden = false;
    live.classList.add("stale");
    rest = Math.min(2 * rest, REST_MS_MAX);
  }
  later();
}

function later() {
  setTimeout(() => (document.hidden ? later() : look()), rest);
}

if (parts().length > 0) later();
