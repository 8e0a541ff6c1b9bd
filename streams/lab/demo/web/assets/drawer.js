/** How it was decided: what goeswith makes of this visit, live. All of it is text, never markup. */

const EVERY_MS = 700;
const OPEN = "goeswith-demo-drawer";
const PERCENT = new Intl.NumberFormat("en", { style: "percent" });
const SHARE = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const REWARD = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const SAID = {
  item_viewed: "looked at",
  item_added: "added",
  item_removed: "took out",
  checkout_started: "went to checkout",
  checkout_left: "left the checkout",
  order_placed: "ordered",
  prompt_shown: "saw the prompt",
  prompt_clicked: "followed an item of the prompt",
  prompt_dismissed: "sent the prompt away",
};

const drawer = document.querySelector("#drawer");
const button = document.querySelector("#behind");
const story = document.querySelector("#story");
const blocks = new Map(); // by event id: the list item
const prompts = new Map(); // by prompt id: the list of its outcomes
let seen = 0;
let asking = false;

function make(tag, name = "", ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children);
  return made;
}

const kept = {
  get open() {
    try {
      return localStorage.getItem(OPEN) ?? (matchMedia("(min-width: 70rem)").matches ? "yes" : "no");
    } catch {
      return "no";
    }
  },
  set open(said) {
    try {
      localStorage.setItem(OPEN, said);
    } catch {
      // then it is not remembered
    }
  },
};

function show(open) {
  drawer.hidden = !open;
  document.documentElement.toggleAttribute("data-drawer", open);
  button.setAttribute("aria-expanded", String(open));
  if (open) look();
}

function toggle(open) {
  kept.open = open ? "yes" : "no";
  show(open);
}

async function look() {
  if (asking || drawer.hidden || document.hidden) return;
  asking = true;
  try {
    const answer = await fetch(`/story?after=${seen}`, { signal: AbortSignal.timeout(5000) });
    const { steps, now } = await answer.json();
    for (const step of steps) tell(step);
    figures(now);
  } catch {
    // the demo is away: asked again
  }
  asking = false;
}

function figures(now) {
  if (!now) return;
  for (const place of document.querySelectorAll("[data-now]")) place.textContent = now[place.dataset.now];
  const rows = now.arms.map(({ arm, shown, share, reward }) => {
    const cells = [NUMBER.format(shown), SHARE.format(share), reward === null ? "–" : REWARD.format(reward)];
    const name = make("th", "", arm.replaceAll("_", " "));
    name.scope = "row";
    return make("tr", "", name, ...cells.map((cell) => make("td", "", cell)));
  });
  document.querySelector("#arms tbody").replaceChildren(...rows);
}

function tell(step) {
  seen = step.n;
  document.querySelector("#nothing").hidden = true;
  ({ event, prompt, silence, withdrawn, outcome })[step.kind]?.(step);
}

function block(eventId) {
  if (!blocks.has(eventId)) {
    const made = make("li", "step");
    blocks.set(eventId, made);
    story.prepend(made);
  }
  return blocks.get(eventId);
}

function event({ type, event_id: id, item, from_prompt: led, partition, offset }) {
  const words = [make("b", "", SAID[type] ?? type)];
  if (item) words.push(" ", make("bdi", "item", item));
  if (led) words.push(" from the prompt");
  const place = make("span", "place", `partition ${partition}, offset ${offset}`);
  const line = make("p", "event", ...words, " ", place);
  if (type.startsWith("prompt_")) line.classList.add("feedback");
  block(id).prepend(line);
}

function prompt(step) {
  const { prompt_id: id, caused_by: cause, arm, propensity, propensities, items, reason } = step;
  const why = make("p", "why", reason);
  why.lang = step.language; // the shopper's; the words around it are English
  why.dir = step.direction;
  const counts = items.map(({ item, together, of, anchor, true: fits }) => {
    const said = anchor
      ? ` – ${NUMBER.format(together)} of ${NUMBER.format(of)} with ${anchor}`
      : ` – chosen ${NUMBER.format(together)} of ${NUMBER.format(of)} times`;
    const truth = fits ? [" ", make("span", "true", "✓ truly goes with it")] : [];
    return make("li", "", make("bdi", "item", item), said, ...truth);
  });
  const bars = Object.entries(propensities).map(([name, chance]) => bar(name, chance, name === arm));
  const stages = make("p", "stages");
  const made = make(
    "div",
    "decision",
    why,
    make("ul", "items", ...counts),
    make("p", "drawn", "drew ", make("b", "", arm.replaceAll("_", " ")), ` with ${PERCENT.format(propensity)}:`),
    make("ul", "bars", ...bars),
    stages,
  );
  const place = block(cause);
  place.querySelector(".silence")?.remove(); // the worker knew more than was folded here
  place.append(made);
  prompts.set(id, stages);
}

function bar(name, chance, drawn) {
  const fill = make("span", "fill");
  fill.style.inlineSize = `${100 * chance}%`; // by the object model: the policy forbids inline styles
  const track = make("span", "track", fill);
  track.setAttribute("aria-hidden", "true");
  const made = make("li", drawn ? "drawn" : "", make("span", "name", name.replaceAll("_", " ")), track);
  made.append(make("span", "chance", PERCENT.format(chance)));
  return made;
}

function silence({ caused_by: cause, reason, why }) {
  if (block(cause).querySelector(".decision")) return;
  block(cause).append(make("p", "silence", make("b", "", `silent (${reason.replaceAll("_", " ")})`), `: ${why}`));
}

function withdrawn({ prompt_id: id, because }) {
  prompts.get(id)?.append(make("span", "stage", `withdrawn: ${because}`));
}

function outcome({ prompt_id: id, stage, item, reward }) {
  const worth = reward ? ` ${reward > 0 ? "+" : "−"}${NUMBER.format(Math.abs(reward))}` : "";
  const made = make("span", `stage ${stage}`, item ? `${stage} ${item}` : stage, worth);
  prompts.get(id)?.append(made);
}

button.addEventListener("click", () => toggle(drawer.hidden));
document.querySelector("#close").addEventListener("click", () => {
  toggle(false);
  button.focus();
});
document.querySelector("#anew").addEventListener("click", async () => {
  await fetch("/visit", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
  location.assign("/");
});
document.addEventListener("visibilitychange", look);
setInterval(look, EVERY_MS);
show(kept.open === "yes");
