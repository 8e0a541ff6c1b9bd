/**
 * goeswith in the browser, without markup: events out, prompts in. See client.d.ts, docs/element.md.
 */

const EVENTS_AT_ONCE_MAX = 50;
const WAITING_MAX = 500; // events; then the oldest are given up
const BODY_CHARS_MAX = 20_000; // browsers let 65,536 bytes go out from a page that is left
const BYTES_MAX = 60_000; // of an event, and of a body that outlives the page
const ANSWER_MS_MAX = 10_000;
const PAUSE_MS_MIN = 500;
const PAUSE_MS_MAX = 30_000;
const STEADY_MS = 10_000; // a stream that lasted so long was a good one
const KEPT_MS = 3_600_000; // the next page sends them within this
const EVENTS_KEPT = "goes-with-events:"; // and the gateway; in sessionStorage: of this tab
const MARKS_KEPT = "goes-with-prompts"; // in localStorage: of all tabs; prompt id to [done, until]
const EXPECTED_MS = 60_000;
const DONE_MAX = 200;

const clients = new Map();

export function connect(options = {}) {
  const gateway = gatewayAddress(options.gateway);
  const client = clients.get(gateway) ?? new Client({ ...options, gateway });
  clients.set(gateway, client);
  client.token ??= options.token;
  client.consent = options.consent ?? client.consent;
  return client;
}

export class Client extends EventTarget {
  consent; // of what is said from now on
  #gateway;
  #token; // what the page gave: a token, or what gets one
  #held = null; // the token at hand: {text, until}
  #asking = null; // the promise of the next one
  #turn = 0; // how often another one was wanted
  #bad = null; // one that the gateway has refused
  #session = null;
  #veiled = false; // whose the prompts are is not known until there is a token
  #locale;
  #closed = false;

  #waiting = []; // events, oldest first
  #flying = []; // those on their way
  #before = null; // those said before renew()
  #kept; // those that another page could not send
  #own = new Set(); // ids of those that this one has kept
  #posting = false;
  #atOnce = EVENTS_AT_ONCE_MAX;
  #warned = new Set();

  #followers = 0;
  #stream = null;
  #opening = false;
  #failures = 0;
  #lastId = "";
  #prompts = new Map(); // by id: {prompt, until, untilByClock, timer}
  #done = new Set(); // ids of those that may not be shown again
  #marks = {}; // by id: [sent away or added, until]
  #expected = new Map(); // receipts by item, of adds that the shop tells
  #wake = new Set(); // ends the pauses
  #off = new AbortController();

  constructor({ gateway, token, locale, consent } = {}) {
    super();
    this.#gateway = gatewayAddress(gateway);
    this.#token = token;
    this.#locale = locale;
    this.consent = consent;
    const on = (target, type, does) =>
      target.addEventListener(type, does, { signal: this.#off.signal });
    on(document, "visibilitychange", () => (document.hidden ? this.#hide() : this.#show()));
    on(window, "pagehide", () => this.#leave());
    on(window, "pageshow", () => this.#show()); // not all browsers say more than that
    on(window, "online", () => this.#online());
    on(window, "storage", (event) => event.key === MARKS_KEPT && this.#changed());
    this.#restore();
  }

  get token() {
    return this.#token;
  }

  set token(token) {
    if (token === this.#token) return;
    this.#token = token;
    this.#veiled = typeof token !== "string" || claimsOf(token).session_id !== this.#session;
    this.#changed();
    this.renew();
  }

  renew() {
    this.#turn += 1;
    this.#before = new Set(this.#waiting);
    this.#shut();
    this.#resume();
  }

  send(event) {
    let said = { event_id: newId(), occurred_at_ms: Date.now() };
    const locale = this.#locale ?? document.documentElement.lang;
    if (locale) said.locale = locale.slice(0, 16);
    if (this.consent !== undefined) said.consent = this.consent;
    Object.assign(said, event);
    try {
      const text = JSON.stringify(said);
      if (bytesOf(text) > BYTES_MAX) throw new Error(`more than ${BYTES_MAX} bytes`);
      said = JSON.parse(text); // what the page does to it later is not said
    } catch (error) {
      this.#refused(said, "cannot_be_sent", String(error)); // nor may it hold up the others
      return said.event_id;
    }
    if (said.type === "item_added") this.#credit(said);
    this.#waiting.push(said);
    if (this.#waiting.length > WAITING_MAX) {
      this.#refused(this.#waiting.shift(), "too_many_waiting", "the gateway has been away too long");
    }
    this.#post();
    return said.event_id;
  }

  get prompts() {
    if (this.#veiled) return [];
    const marks = this.#allMarks();
    return [...this.#prompts.values()]
      .filter((held) => !isOver(held) && !marks[held.prompt.prompt_id]?.[0])
      .map((held) => held.prompt);
  }

  holds(prompt) {
    return this.prompts.some((held) => held.prompt_id === prompt.prompt_id);
  }

  follow() {
    let following = true;
    this.#followers += 1;
    this.#open();
    return () => {
      if (!following) return;
      following = false;
      this.#followers -= 1;
      setTimeout(() => this.#followers || this.#shut(), 1000); // it may only have been moved
    };
  }

  shown(prompt) {
    if (!this.holds(prompt) || this.#allMarks()[prompt.prompt_id]) return false;
    this.#mark(prompt, 0);
    this.send({ type: "prompt_shown", receipt: prompt.receipt });
    return true;
  }

  clicked(prompt, itemId) {
    return this.send({ type: "prompt_clicked", receipt: prompt.receipt, item_id: itemId });
  }

  added(prompt, itemId, fields = {}) {
    return this.send({ ...fields, type: "item_added", item_id: itemId, receipt: prompt.receipt });
  }

  dismissed(prompt) {
    const said = this.send({ type: "prompt_dismissed", receipt: prompt.receipt });
    this.#finish(prompt);
    return said;
  }

  expect(prompt, itemId) {
    this.#expected.set(itemId, prompt.receipt);
    setTimeout(() => this.#expected.delete(itemId), EXPECTED_MS);
  }

  close() {
    this.#closed = true;
    this.#off.abort();
    this.#shut();
    for (const held of this.#prompts.values()) clearTimeout(held.timer);
    if (clients.get(this.#gateway) === this) clients.delete(this.#gateway);
  }

  // What goes out.

  async #post() {
    if (this.#posting || this.#closed) return;
    this.#posting = true;
    await null; // what is said in one go goes out together
    let failures = 0;
    while (this.#waiting.length && !this.#closed) {
      const againMs = await this.#postSome();
      if (againMs === 0) failures = 0;
      else await this.#pause(pauseMs(failures++, againMs));
    }
    this.#posting = false;
  }

  /** Sends a batch; 0: go on; else again, after so many milliseconds. */
  async #postSome() {
    try {
      const token = await this.#getToken();
      if (!this.#waiting.length) return 0; // they were another shopper's
      const batch = (this.#flying = this.#batch(this.#waiting));
      const body = toJson(batch);
      const answer = await fetch(`${this.#gateway}v1/events`, {
        method: "POST",
        headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
        body,
        keepalive: bytesOf(body) < BYTES_MAX, // outlives the page
        credentials: "omit",
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
      const said = await answer.json().catch(() => ({}));
      return this.#answered(batch, answer, said, token);
    } catch (error) {
      this.#trouble(error);
      return 1;
    } finally {
      this.#flying = [];
    }
  }

  #answered(batch, { status, headers }, said, token) {
    if (said.results) {
      this.#forget(batch);
      for (const { index, status: fate, reason, message } of said.results) {
        if (fate === "rejected") this.#refused(batch[index], reason, message);
      }
      return 0;
    }
    const reason = said.reason ?? `status ${status}`;
    this.#trouble(new Error(reason));
    if (status === 401) {
      this.#discard(token);
      this.#warn(reason, said.message);
      return 1;
    }
    if (status === 413 && batch.length > 1) {
      this.#atOnce = Math.ceil(batch.length / 2);
      return 0;
    }
    const forGood = said.reason && status >= 400 && status < 500 && status !== 408 && status !== 429;
    if (!forGood) return 1000 * Number(headers.get("Retry-After")) || 1;
    this.#forget(batch);
    for (const event of batch) this.#refused(event, reason, said.message);
    return 0;
  }

  #batch(events) {
    const batch = [];
    let chars = 0;
    for (const event of events.slice(0, this.#atOnce)) {
      chars += JSON.stringify(event).length;
      if (batch.length && chars > BODY_CHARS_MAX) break;
      batch.push(event);
    }
    return batch;
  }

  #forget(batch) {
    const sent = new Set(batch);
    this.#waiting = this.#waiting.filter((event) => !sent.has(event));
  }

  #refused(event, reason, message) {
    this.#warn(reason, message);
    this.dispatchEvent(new CustomEvent("refused", { detail: { event, reason, message } }));
  }

  /** Once a reason: no log should fill. */
  #warn(reason, message) {
    if (this.#warned.has(reason)) return;
    this.#warned.add(reason);
    console.warn(`goes-with: ${reason}: ${message ?? ""}`);
  }

  #trouble(error) {
    this.dispatchEvent(new CustomEvent("trouble", { detail: { message: String(error) } }));
  }

  /** An add from a prompt carries the receipt. */
  #credit(event) {
    event.receipt ??= this.#expected.get(event.item_id);
    this.#expected.delete(event.item_id);
    if (event.receipt === undefined) delete event.receipt;
    for (const { prompt } of this.#prompts.values()) {
      if (prompt.receipt === event.receipt) this.#finish(prompt);
    }
  }

  // Who the shopper is.

  async #getToken() {
    const held = this.#held;
    if (held && held.turn === this.#turn && Date.now() < held.until) return held.text;
    this.#asking ??= this.#askForToken().finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #askForToken() {
    const turn = this.#turn;
    const renewable = typeof this.#token === "function";
    const text = renewable ? await this.#token() : this.#token;
    if (turn !== this.#turn) return this.#askForToken();
    if (!text || typeof text !== "string") throw new Error("there is no session token");
    if (text === this.#bad) throw new Error("the session token has ended, and there is no other");
    const { session_id: session, iat = 0, exp = 0 } = claimsOf(text);
    if (!session) throw new Error("that is no session token");
    this.#enter(session);
    // By its length: the browser's clock may be wrong.
    const until = renewable ? Date.now() + 800 * Math.max(0, exp - iat) : Infinity;
    this.#held = { text, turn, until };
    return text;
  }

  #discard(token) {
    this.#bad = token;
    if (this.#held?.text === token) this.#held = null;
  }

  /** Another session is another shopper: nothing of the old one stays. */
  #enter(session) {
    if (this.#session !== null && this.#session !== session) {
      const old = this.#before ?? this.#waiting;
      const left = this.#beacon(old); // as who it was
      this.#forget(old);
      for (const event of left) this.#refused(event, "session_ended", "it could not be sent in time");
      this.#expected.clear();
      this.#lastId = "";
      this.#shut();
      for (const id of [...this.#prompts.keys()]) this.#drop(id);
      this.#changed();
      queueMicrotask(() => this.#open());
    }
    this.#before = null;
    this.#session = session;
    if (this.#veiled) {
      this.#veiled = false;
      this.#changed();
    }
    this.#adoptKept();
  }

  // What comes in.

  async #open() {
    if (this.#stream || this.#opening || !this.#wanted()) return;
    this.#opening = true;
    let token;
    try {
      token = await this.#getToken();
    } catch (error) {
      this.#trouble(error);
    }
    this.#opening = false;
    if (this.#stream || !this.#wanted()) return;
    if (!token) {
      this.#openLater();
      return;
    }
    const address = new URL("v1/prompts/stream", this.#gateway);
    address.searchParams.set("token", token); // EventSource has no headers
    if (this.#lastId) address.searchParams.set("last_event_id", this.#lastId);
    const stream = (this.#stream = new EventSource(address));
    let openedAt = Infinity;
    const on = (type, does) =>
      stream.addEventListener(type, (event) => stream === this.#stream && does(event));
    on("open", () => {
      openedAt = Date.now();
      this.#resume(); // it is back: what waits need not wait longer
    });
    on("prompt", (event) => this.#take(event.lastEventId, JSON.parse(event.data)));
    on("prompt_withdrawn", (event) => this.#takeBack(event.lastEventId, JSON.parse(event.data)));
    on("token_expired", () => {
      this.#discard(token);
      this.#shut();
      this.#open();
    });
    on("error", () => {
      this.#shut();
      if (Date.now() - openedAt >= STEADY_MS) this.#failures = 0;
      // Why a stream is refused cannot be seen: it may be the token.
      if (openedAt === Infinity && this.#failures % 4 === 1) this.#held = null;
      this.#openLater();
    });
  }

  #wanted() {
    return this.#followers > 0 && !document.hidden && !this.#closed;
  }

  async #openLater() {
    await this.#pause(pauseMs(this.#failures++));
    this.#open();
  }

  #shut() {
    this.#stream?.close();
    this.#stream = null;
  }

  #take(lastId, prompt) {
    this.#lastId = lastId;
    const id = prompt.prompt_id;
    if (this.#prompts.has(id) || this.#done.has(id) || !(prompt.expires_in_ms > 0)) return;
    const leftMs = Math.min(prompt.expires_in_ms, 2 ** 31 - 1);
    this.#prompts.set(id, {
      prompt,
      until: performance.now() + leftMs, // stops while the machine sleeps
      untilByClock: Date.now() + leftMs,
      timer: setTimeout(() => this.#end(id), leftMs),
    });
    this.#changed();
  }

  #takeBack(lastId, { prompt_id: id }) {
    this.#lastId = lastId;
    this.#end(id);
  }

  /** Not shown any more, and not again. */
  #end(id) {
    this.#done.add(id);
    if (this.#done.size > DONE_MAX) this.#done.delete(this.#done.values().next().value);
    if (this.#drop(id)) this.#changed();
  }

  #drop(id) {
    clearTimeout(this.#prompts.get(id)?.timer);
    return this.#prompts.delete(id);
  }

  #finish(prompt) {
    this.#mark(prompt, 1);
    this.#end(prompt.prompt_id);
  }

  #changed() {
    this.dispatchEvent(new CustomEvent("prompts"));
  }

  /** For all tabs, and for the pages after this one, until the prompt has expired. */
  #mark({ prompt_id: id }, done) {
    const now = Date.now();
    const marks = this.#allMarks();
    marks[id] = [done, this.#prompts.get(id)?.untilByClock ?? now + KEPT_MS];
    this.#marks = Object.fromEntries(Object.entries(marks).filter(([, mark]) => mark?.[1] > now));
    write(() => localStorage, MARKS_KEPT, this.#marks);
  }

  #allMarks() {
    return { ...this.#marks, ...read(() => localStorage, MARKS_KEPT) };
  }

  // Pages come and go.

  #hide() {
    this.#shut(); // a browser has few connections for all tabs
    this.#keep();
  }

  #show() {
    // The other page may hear of it after this one.
    setTimeout(() => this.#closed || document.hidden || this.#restore(), 1000);
    for (const [id, held] of this.#prompts) if (isOver(held)) this.#end(id);
    this.#resume();
  }

  #online() {
    this.#shut(); // a connection may be dead without a word
    this.#resume();
  }

  #resume() {
    for (const wake of [...this.#wake]) wake();
    this.#open();
    this.#post();
  }

  #leave() {
    this.#shut();
    this.#keep();
    const flying = new Set(this.#flying);
    this.#beacon(this.#waiting.filter((event) => !flying.has(event)));
  }

  /** Gives back what the browser does not take. */
  #beacon(events) {
    const left = [...events];
    if (!this.#held) return left;
    const address = new URL("v1/events", this.#gateway);
    address.searchParams.set("token", this.#held.text); // a beacon has no headers
    for (let batch; (batch = this.#batch(left)).length; left.splice(0, batch.length)) {
      if (!navigator.sendBeacon?.(address, toJson(batch))) break;
    }
    return left;
  }

  #keep() {
    this.#restore();
    const session = this.#kept?.session ?? this.#session;
    const events = [...(this.#kept?.events ?? []), ...this.#waiting].slice(-WAITING_MAX);
    this.#own = new Set(events.map((event) => event.event_id));
    write(
      () => sessionStorage,
      EVENTS_KEPT + this.#gateway,
      events.length ? { session, events } : null,
    );
  }

  #restore() {
    const key = EVENTS_KEPT + this.#gateway;
    const kept = read(() => sessionStorage, key);
    write(() => sessionStorage, key, null);
    if (!Array.isArray(kept?.events)) return;
    kept.events = kept.events.filter((event) => event && !this.#own.has(event.event_id));
    if (!kept.events.length) return; // they are still here
    if (this.#kept?.session === kept.session) kept.events.unshift(...(this.#kept?.events ?? []));
    this.#kept = kept;
    if (this.#session !== null && !this.#before) this.#adoptKept();
    else this.#getToken().catch((error) => this.#trouble(error));
  }

  /** What another page could not send, of the same session, under the same ids. */
  #adoptKept() {
    const kept = this.#kept;
    this.#kept = null;
    if (!kept || (kept.session ?? this.#session) !== this.#session) return;
    const since = Date.now() - KEPT_MS;
    this.#waiting.push(...kept.events.filter((event) => event.occurred_at_ms > since));
    this.#waiting.sort((one, other) => one.occurred_at_ms - other.occurred_at_ms);
    this.#post();
  }

  #pause(ms) {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wake.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#wake.add(wake);
    });
  }
}

/** Twice as long each time, and never for all shoppers alike. */
function pauseMs(failures, leastMs = 0) {
  const most = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** failures);
  return leastMs + most * (0.5 + Math.random() / 2);
}

/** The gateway's address, ending with a slash: where this script is from, if nobody says. */
function gatewayAddress(given) {
  const address = new URL(given || new URL("..", import.meta.url), document.baseURI);
  return address.href.replace(/\/*$/, "/");
}

/** `randomUUID` is there over TLS alone. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function toJson(events) {
  return JSON.stringify(events.map((event) => ({ ...event, sent_at_ms: Date.now() })));
}

function bytesOf(text) {
  return new Blob([text]).size;
}

/** What a token says; it is the gateway that checks it. */
function claimsOf(token) {
  try {
    return JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    return {};
  }
}

function isOver(held) {
  return performance.now() >= held.until || Date.now() >= held.untilByClock;
}

/** A browser may refuse storage, and anybody may write to it. */
function read(storage, key) {
  try {
    const said = JSON.parse(storage().getItem(key));
    return said && typeof said === "object" ? said : null;
  } catch {
    return null;
  }
}

function write(storage, key, value) {
  try {
    if (value === null) storage().removeItem(key);
    else storage().setItem(key, JSON.stringify(value));
  } catch {
    // then it holds for this page alone
  }
}
