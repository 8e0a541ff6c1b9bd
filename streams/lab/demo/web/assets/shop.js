/** The demo's shop: its pages, and what goeswith is told of them. Titles are text, never markup. */

import { Basket } from "./basket.js";

const root = document.documentElement;
const { page, item: about } = root.dataset;
const content = document.querySelector("#content");
const element = document.querySelector("goes-with");

const asked = await fetch(`/shop.json?lang=${root.lang}`, { credentials: "same-origin" });
const { words, shelves, items, currency, visit } = await asked.json();
await customElements.whenDefined("goes-with");
const { client } = element;
const basket = new Basket(items, currency, client, visit);
const money = new Intl.NumberFormat(root.lang, { style: "currency", currency });
const places = money.resolvedOptions().maximumFractionDigits;

const whole = new Intl.NumberFormat(root.lang);

const price = (minor) => money.format(minor / 10 ** places);

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") made.addEventListener("click", value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

const picture = (id, size) =>
  make("img", { src: `/pictures/${id}.svg`, alt: "", width: size, height: size, loading: "lazy" });

function card(id) {
  const { title, price_minor: minor } = items[id];
  const add = make("button", { type: "button", "data-add": id, on: () => basket.add(id) }, words.put);
  add.ariaLabel = `${words.put}: ${title}`;
  return make(
    "li",
    { class: "card" },
    picture(id, 96),
    make("a", { href: `/item/${id}` }, make("bdi", {}, title)),
    make("span", { class: "price" }, make("bdi", {}, price(minor))),
    add,
  );
}

/** The way to the offer, right behind what asked: by the keyboard alone, or it would be seen twice. */
const toOffer = make("a", { class: "to-offer", href: "#offer", on: follow }, words.to_offer);

function follow(event) {
  event.preventDefault();
  element.focus();
}

const grid = (ids) => make("ul", { class: "grid", role: "list" }, ...ids.map(card));

const PAGES = {
  home() {
    const parts = shelves.map((shelf) =>
      make("section", {}, make("h2", {}, shelf.title), grid(shelf.items)),
    );
    return [make("h1", {}, words.shelves), ...parts];
  },

  item() {
    const { title, price_minor: minor, shelf } = items[about];
    const others = shelves.find((each) => each.id === shelf).items.filter((id) => id !== about);
    const add = make("button", { type: "button", class: "main", id: "add", "data-add": about }, words.add);
    add.addEventListener("click", () => basket.add(about));
    const text = make(
      "div",
      { class: "text" },
      make("h1", {}, make("bdi", {}, title)),
      make("p", { class: "price" }, make("bdi", {}, price(minor))),
      add,
    );
    const more = make("section", { class: "also" }, make("h2", {}, words.also), grid(others.slice(0, 6)));
    queueMicrotask(() => element.after(more));
    return [make("div", { class: "product" }, picture(about, 320), text)];
  },

  basket() {
    const title = make("h1", {}, words.basket);
    if (!basket.count) return [title, make("p", {}, words.empty), back()];
    const to = make("a", { class: "main", href: "/checkout" }, words.checkout);
    return [title, lines(true), total(), to];
  },

  checkout() {
    const title = make("h1", {}, words.checkout);
    if (!basket.count) return [title, make("p", {}, words.empty), back()];
    const field = (name, complete) =>
      make("label", {}, words[name], make("input", { autocomplete: complete, maxlength: "80" }));
    const failed = make("p", { class: "failed", role: "alert" });
    const buy = make("button", { type: "button", class: "main", id: "buy" }, words.buy);
    buy.addEventListener("click", () => order(buy, failed));
    const form = make("div", { class: "fields" }, field("name", "name"), field("street", "street-address"));
    return [title, lines(false), total(), form, make("p", { class: "note" }, words.stays), buy, failed];
  },

  thanks() {
    return [make("h1", {}, words.thanks), make("p", {}, words.ordered), back()];
  },
};

const back = () => make("a", { class: "main", href: "/" }, words.look);

const total = () =>
  make("p", { class: "total" }, `${words.total} `, make("bdi", {}, price(basket.totalMinor)));

/** The lines of the basket; with buttons where it may be changed. */
function lines(changing) {
  return make("ul", { class: "lines", role: "list" }, ...basket.lines.map((line) => lineOf(line, changing)));
}

function lineOf({ id, item, quantity }, changing) {
  const button = (name, sign, does) => {
    const made = make("button", { type: "button", on: does }, sign);
    made.ariaLabel = `${words[name]}: ${item.title}`;
    return made;
  };
  const line = make(
    "li",
    { "data-line": id },
    picture(id, 56),
    make("a", { href: `/item/${id}` }, make("bdi", {}, item.title)),
    make("span", { class: "quantity" }, `${whole.format(quantity)} × `, make("bdi", {}, price(item.price_minor))),
  );
  if (changing) {
    const buttons = [
      button("less", "−", () => basket.remove(id)),
      button("more", "+", () => basket.add(id)),
      button("remove", "✕", () => basket.remove(id, true)),
    ];
    line.append(make("span", { class: "buttons" }, ...buttons)); // together, on whichever line
  }
  return line;
}

let bought = false;

async function order(button, failed) {
  button.disabled = true;
  failed.textContent = "";
  const said = Object.fromEntries(basket.lines.map(({ id, quantity }) => [id, quantity]));
  try {
    const answer = await fetch("/order", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ lines: said }),
    });
    if (!answer.ok) throw new Error(answer.status);
    bought = true;
    basket.empty();
    location.assign("/thanks");
  } catch {
    failed.textContent = words.failed;
    button.disabled = false;
  }
}

function draw() {
  const focused = document.activeElement?.closest("[data-line]")?.dataset.line;
  document.querySelector("#count").value = whole.format(basket.count);
  content.replaceChildren(...PAGES[page]());
  if (focused) content.querySelector(`[data-line="${CSS.escape(focused)}"] button`)?.focus();
}

element.resolve = (ids) => {
  const known = ids.filter((id) => items[id]);
  const told = ({ title, price_minor: minor, category }, id) => ({
    title,
    category,
    currency,
    price_minor: minor,
    price: price(minor),
    image: `/pictures/${id}.svg`,
    url: `/item/${id}`,
  });
  return Object.fromEntries(known.map((id) => [id, told(items[id], id)]));
};
// An add from a prompt: goeswith is told of it by the element, with the receipt.
document.addEventListener("goes-with:add", (event) => basket.add(event.detail.item_id, { told: true }));
document.addEventListener("goes-with:show", () => {
  document.activeElement?.closest(".card [data-add]")?.after(toOffer);
});
new ResizeObserver(() => {
  root.style.setProperty("--offer-height", `${element.offsetHeight}px`);
  if (!element.hasAttribute("showing")) toOffer.remove();
}).observe(element);
// What is done here is not learned from: whoever looks should not wait for a prompt.
client.addEventListener("refused", ({ detail: { reason } }) => {
  if (reason !== "robot") return;
  for (const place of document.querySelectorAll(".robot")) place.textContent = words.robot;
  document.querySelector("#nothing").hidden = true;
});
document.querySelector("#lang").addEventListener("change", (event) => event.target.form.submit());
basket.addEventListener("change", () => {
  document.querySelector("#count").value = whole.format(basket.count);
  if (page === "basket") draw();
});
draw();
if (page === "checkout" && basket.count) {
  client.send({ type: "checkout_started" });
  // Before the client's own listener, which sends what waits.
  const leave = () => bought || client.send({ type: "checkout_left" });
  addEventListener("pagehide", leave, { once: true, capture: true });
}
root.dataset.ready = "";
