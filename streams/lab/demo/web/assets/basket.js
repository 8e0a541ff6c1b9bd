/** The basket, kept in this browser for one visit; every change is told to goeswith. */

const KEPT = "goeswith-demo-basket";

export class Basket extends EventTarget {
  #lines = new Map();
  #items;
  #currency;
  #client;

  constructor(items, currency, client, visit) {
    super();
    this.#items = items;
    this.#currency = currency;
    this.#client = client;
    this.visit = visit;
    this.#load();
    addEventListener("storage", (event) => event.key === KEPT && this.#load());
    addEventListener("pageshow", (event) => event.persisted && this.#load());
  }

  get lines() {
    return [...this.#lines].map(([id, quantity]) => ({ item: this.#items[id], id, quantity }));
  }

  get count() {
    return this.lines.reduce((sum, { quantity }) => sum + quantity, 0);
  }

  get totalMinor() {
    return this.lines.reduce((sum, { item, quantity }) => sum + item.price_minor * quantity, 0);
  }

  /** Put one in; `told` where the element tells it, with its receipt. */
  add(id, { told = false } = {}) {
    if (!this.#items[id]) return;
    this.#lines.set(id, (this.#lines.get(id) ?? 0) + 1);
    this.#keep();
    if (!told) this.#tell("item_added", id);
  }

  remove(id, all = false) {
    const quantity = this.#lines.get(id);
    if (!quantity) return;
    const taken = all ? quantity : 1;
    if (taken === quantity) this.#lines.delete(id);
    else this.#lines.set(id, quantity - taken);
    this.#keep();
    this.#client.send({ type: "item_removed", item_id: id, quantity: taken });
  }

  empty() {
    this.#lines.clear();
    this.#keep();
  }

  #tell(type, id) {
    const { price_minor, category } = this.#items[id];
    this.#client.send({ type, item_id: id, price_minor, category, currency: this.#currency });
  }

  #load() {
    try {
      const kept = JSON.parse(localStorage.getItem(KEPT));
      const mine = kept?.visit === this.visit ? kept.lines : [];
      this.#lines = new Map(mine.filter(([id]) => this.#items[id]));
    } catch {
      this.#lines = new Map();
    }
    this.dispatchEvent(new Event("change"));
  }

  #keep() {
    try {
      localStorage.setItem(KEPT, JSON.stringify({ visit: this.visit, lines: [...this.#lines] }));
    } catch {
      // then it holds for this page alone
    }
    this.dispatchEvent(new Event("change"));
  }
}
