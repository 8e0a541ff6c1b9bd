/** `<goes-with>`: what goes with this, where a page puts it. See docs/element.md. */

import { connect } from "./client.js";
export * from "./client.js";

const VISIBLE_SHARE_MIN = 0.5;
const VISIBLE_MS_MIN = 1000;
const DONE_MS = 4000; // so long it says that something was added
const SAID_MS = 3000; // and so long a screen reader finds the announcement
const TRIES = 3; // to ask the shop about items
const ASKED_MS_MAX = 10_000;
const PRICE_LENGTH_MAX = 24;
const SPOKEN = ["en", "de", "fr", "es", "ar", "ur", "fa", "hi", "bn", "si"]; // the languages of the gateway's own reasons
/** What an offer of a kind comes to, and the word for it. */
const AMOUNTS = { bundle: ["discount_minor", 6, "saves"], free_shipping: ["missing_minor", 7, "missing"] };
// Decimals by ISO 4217 where browsers write fewer.
const TWO_PLACES = /AFN|ALL|COP|HUF|I[DR]R|KPW|LAK|LBP|MGA|MMK|PKR|RSD|SLL|SOS|SYP|YER/;
const RIGHT_TO_LEFT = /^(ar|ckb|dv|fa|he|ps|sd|ug|ur|yi)$/;

/** What the element says itself, by language. */
const WORDS = {
  en: "Goes with {anchor}|Goes with it|Add|Added: {title}|No, thanks|That did not work|You save {price}|{price} away from free shipping",
  ar: "يناسب {anchor}|يناسب هذا|أضف|تمت الإضافة: {title}|لا، شكرًا|لم ينجح ذلك|التوفير: {price}|بقي {price} للشحن المجاني",
  bn: "{anchor} এর সঙ্গে|এর সঙ্গে|যোগ করুন|যোগ হয়েছে: {title}|না, ধন্যবাদ|এটি হয়নি|সাশ্রয়: {price}|বিনামূল্যে ডেলিভারিতে {price} বাকি",
  de: "Passt zu {anchor}|Passt dazu|Hinzufügen|Hinzugefügt: {title}|Nein, danke|Das hat nicht geklappt|Ersparnis: {price}|Bis zum freien Versand fehlen {price}",
  es: "Va bien con {anchor}|Va bien con esto|Añadir|Añadido: {title}|No, gracias|No ha funcionado|Ahorro: {price}|Faltan {price} para el envío gratis",
  fa: "مناسب برای {anchor}|مناسب برای این|افزودن|افزوده شد: {title}|نه، متشکرم|انجام نشد|صرفه‌جویی: {price}|{price} تا ارسال رایگان",
  fr: "Va avec {anchor}|Va bien avec|Ajouter|Ajouté : {title}|Non, merci|Cela n’a pas marché|Économie : {price}|Il manque {price} pour la livraison gratuite",
  hi: "{anchor} के साथ|इसके साथ|जोड़ें|जोड़ा गया: {title}|नहीं, धन्यवाद|यह नहीं हो सका|बचत: {price}|मुफ़्त डिलीवरी में {price} बाकी",
  it: "Sta bene con {anchor}|Sta bene con questo|Aggiungi|Aggiunto: {title}|No, grazie|Non ha funzionato|Risparmio: {price}|Mancano {price} alla spedizione gratuita",
  nl: "Past bij {anchor}|Past hierbij|Toevoegen|Toegevoegd: {title}|Nee, bedankt|Dat is niet gelukt|Voordeel: {price}|Nog {price} tot gratis verzending",
  pl: "Pasuje do: {anchor}|Pasuje do tego|Dodaj|Dodano: {title}|Nie, dziękuję|Nie udało się|Oszczędność: {price}|Do darmowej dostawy brakuje {price}",
  pt: "Combina com {anchor}|Combina com isto|Adicionar|Adicionado: {title}|Não, obrigado|Não funcionou|Economia: {price}|Faltam {price} para o envio grátis",
  si: "{anchor} සමඟ|මේ සමඟ|එක් කරන්න|එක් කළා: {title}|නැහැ, ස්තූතියි|එය සාර්ථක නොවීය|ඉතිරිය: {price}|නොමිලේ බෙදාහැරීමට තව {price}",
  tr: "{anchor} ile iyi gider|Bununla iyi gider|Ekle|Eklendi: {title}|Hayır, teşekkürler|Bu olmadı|Tasarruf: {price}|Ücretsiz kargoya {price} kaldı",
  ur: "{anchor} کے ساتھ|اس کے ساتھ|شامل کریں|شامل ہو گیا: {title}|نہیں، شکریہ|ایسا نہیں ہو سکا|بچت: {price}|مفت ترسیل میں {price} باقی",
};

const STYLE = `
:host { display: block; font: var(--goes-with-font, inherit); color: var(--goes-with-color, inherit) }
:host([hidden]) { display: none }
section {
  padding: var(--goes-with-padding, 1rem);
  background: var(--goes-with-background, transparent);
  border: var(--goes-with-border, 1px solid color-mix(in srgb, currentColor 25%, transparent));
  border-radius: var(--goes-with-radius, .5rem);
}
section { overflow-wrap: break-word }
section:lang(ur) { line-height: 2 }
header, li, .body { display: flex; align-items: center; gap: var(--goes-with-gap, .75rem) }
header { align-items: flex-start; justify-content: space-between }
p { margin: 0 }
.failed { margin-top: .5rem }
.done::before { content: "\u2713\u00a0" / "" }
.reason { font-weight: 600; padding-block: .25rem; min-inline-size: 0 }
.offer + .offer { margin-top: .25rem }
ul {
  display: grid; gap: var(--goes-with-gap, .75rem) calc(2 * var(--goes-with-gap, .75rem));
  margin: .5rem 0 0; padding: 0; list-style: none;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr));
}
li { min-inline-size: 0 }
img {
  inline-size: var(--goes-with-image-size, 4rem); block-size: var(--goes-with-image-size, 4rem);
  object-fit: contain; border-radius: calc(var(--goes-with-radius, .5rem) / 2); flex: none;
}
.body { flex: 1; min-inline-size: 0; flex-wrap: wrap; row-gap: .5rem; container-type: inline-size }
.text { flex: 1 1 min-content; min-inline-size: min(100%, 6rem) }
.text > * { display: block; inline-size: fit-content; max-inline-size: 100% }
.title { color: inherit }
.whole { white-space: nowrap }
@container (inline-size < 11rem) { .title { hyphens: auto } }
button {
  font: inherit; cursor: pointer; flex: none; min-block-size: 2.5rem; padding: .25rem .9rem;
  color: var(--goes-with-on-accent, inherit); background: var(--goes-with-accent, transparent);
  border: 1px solid var(--goes-with-accent, currentColor);
  border-radius: calc(var(--goes-with-radius, .5rem) / 1.5);
}
button.dismiss {
  color: inherit; background: none; border-color: transparent; padding: 0; inline-size: 2.5rem;
  line-height: 1; margin: -.5rem; margin-inline-start: 0;
}
button:hover { filter: brightness(1.1); text-decoration: underline }
button[aria-disabled] { opacity: .6; cursor: progress }
:focus-visible { outline: 2px solid var(--goes-with-focus, currentColor); outline-offset: 2px }
.said:focus { outline: none }
.said {
  position: absolute; inline-size: 1px; block-size: 1px; margin: -1px; overflow: hidden;
  clip-path: inset(50%); white-space: nowrap;
}
@media (prefers-reduced-motion: no-preference) {
  section { animation: come .25s ease-out }
  @keyframes come { from { opacity: 0; translate: 0 .25rem } }
}
@media print { :host { display: none } }
`;

let sheet = null;

function styleSheet() {
  if (!sheet) {
    sheet = new CSSStyleSheet(); // no style element: a policy without 'unsafe-inline' allows it
    sheet.replaceSync(STYLE);
  }
  return sheet;
}

export class GoesWith extends HTMLElement {
  static observedAttributes = ["token", "token-url", "placement", "view", "consent"];

  #client = null;
  #resolve = null;
  #words = {};
  #unfollow = null;
  #listening = null;
  #said = make("p", "status", "said"); // there before anything is said: screen readers want it so
  #section = null;
  #prompt = null; // the one that is shown
  #stale = false; // the shop says something else of it by now
  #told = null; // the id of the one that was announced
  #call = 0; // the latest question to the shop
  #asked = null; // and the prompt that it is about
  #unknown = new Set(); // prompts of which the shop knows no item
  #viewed = null;
  #seeing = null;
  #visible = false;
  #timer = 0;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [styleSheet()];
    this.#said.setAttribute("role", "status");
    this.#said.tabIndex = -1;
    root.append(this.#said);
  }

  get client() {
    return this.#client ?? this.#connect();
  }

  get resolve() {
    return this.#resolve;
  }

  set resolve(resolve) {
    this.#resolve = resolve;
    this.#again();
  }

  get words() {
    return this.#words;
  }

  set words(words) {
    this.#words = words ?? {};
    this.#again();
  }

  connectedCallback() {
    for (const name of ["resolve", "words", "token"]) this.#upgrade(name);
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    const client = this.client;
    client.addEventListener("prompts", () => this.#update(), { signal });
    document.addEventListener("visibilitychange", () => this.#watch(), { signal });
    this.addEventListener("pointerleave", () => this.#update(), { signal });
    this.addEventListener("focusout", () => setTimeout(() => this.#update()), { signal });
    this.#unfollow = client.follow();
    this.#view();
    this.#update();
  }

  disconnectedCallback() {
    this.#listening.abort();
    this.#unfollow();
    this.#call += 1;
    this.#asked = null;
    this.#clear();
  }

  attributeChangedCallback(name, old, value) {
    if (!this.#client || old === value) return;
    if (name.startsWith("token")) this.#client.token = this.#source();
    if (name === "consent") this.#client.consent = consentOf(value);
    if (name === "view") this.#view();
    if (name === "placement") this.#update();
  }

  get token() {
    return this.client.token;
  }

  set token(token) {
    this.client.token = token;
  }

  /** Where tokens are from: another function for another address, that another shopper is asked for. */
  #source() {
    const url = this.getAttribute("token-url");
    return url ? () => tokenFrom(url) : (this.getAttribute("token") ?? undefined);
  }

  #connect() {
    this.#client = connect({
      gateway: this.getAttribute("gateway"),
      token: this.#source(),
      consent: consentOf(this.getAttribute("consent")),
    });
    return this.#client;
  }

  /** What a page has set before this script was there. */
  #upgrade(name) {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    delete this[name];
    this[name] = value;
  }

  /** The page is about this item. */
  #view() {
    const item = this.getAttribute("view");
    if (!item || item === this.#viewed) return;
    this.#viewed = item;
    this.#client.send({ type: "item_viewed", item_id: item });
  }

  get #lang() {
    for (let node = this; node; node = node.parentNode ?? node.host) {
      const lang = node.getAttribute?.("lang");
      if (lang) return lang;
    }
    return "en";
  }

  get #language() {
    return this.#lang.toLowerCase().split(/[-_]/)[0];
  }

  #word(place, name) {
    const ours = WORDS[this.#language] ?? WORDS.en;
    return this.#words[name] ?? ours.split("|")[place];
  }

  #again() {
    this.#unknown.clear();
    this.#stale = true;
    this.#asked = null;
    if (this.isConnected && this.#client) this.#update();
  }

  #update() {
    const placement = this.getAttribute("placement");
    const prompts = this.#client.prompts.filter(
      (prompt) =>
        !this.#unknown.has(prompt.prompt_id) && (!placement || prompt.placement === placement),
    );
    const newest = prompts.at(-1);
    const still = prompts.some((prompt) => prompt.prompt_id === this.#prompt?.prompt_id);
    if (this.#prompt && !still) this.#clear();
    if (!newest) this.#asked = null; // whoever is asked about it is not waited for
    if (!newest || (newest.prompt_id === this.#prompt?.prompt_id && !this.#stale)) return;
    // Nothing changes under the shopper's hand, and nobody is asked twice.
    if (this.#prompt && !this.#stale && this.matches(":hover, :focus-within")) return;
    if (newest !== this.#asked) this.#ask(newest);
  }

  async #ask(prompt) {
    const call = ++this.#call;
    this.#asked = prompt;
    let items = null;
    for (let tried = 0; items === null && tried < TRIES; tried++) {
      if (tried) await new Promise((resolve) => setTimeout(resolve, 1000 * tried));
      try {
        items = await this.#items(prompt);
      } catch (error) {
        console.warn(`goes-with: the shop's items: ${error}`);
      }
      if (call !== this.#call || !this.isConnected || !this.#client.holds(prompt)) return;
    }
    this.#asked = null;
    const offered = prompt.items
      .map(({ item_id: id }) => ({ ...items?.[id], id }))
      .filter(({ title }) => typeof title === "string" && title);
    if (offered.length) return this.#show(prompt, offered, items);
    this.#unknown.add(prompt.prompt_id);
    this.#update();
  }

  /** What the shop says of the items of a prompt, by id. */
  async #items(prompt) {
    const { reason } = prompt;
    const anchors = [prompt.anchor, reason.anchor].filter(Boolean);
    const ids = [...new Set([...prompt.items.map((item) => item.item_id), ...anchors])];
    const url = this.getAttribute("items-url");
    if (this.#resolve) return (await this.#resolve(ids, { prompt, lang: this.#lang })) ?? {};
    if (!url) {
      const named = [{ item_id: prompt.anchor }, { item_id: reason.anchor, title: reason.title }];
      const known = [...named, ...prompt.items].map((item) => [item.item_id, this.#known(item)]);
      return Object.fromEntries(known);
    }
    const address = new URL(url, document.baseURI);
    for (const id of ids) address.searchParams.append("id", id);
    return (await asked(address)).json();
  }

  /** What the catalogue says of an item, or its id alone. */
  #known({ item_id: id, title = id, image_url: image, ...item }) {
    return { ...item, title, image, price: priceOf(item, this.#lang) };
  }

  #show(prompt, offered, items) {
    this.#clear();
    this.#prompt = prompt;
    this.#stale = false;
    const { said, dir, lang } = this.#reason(prompt, items);
    const reason = Object.assign(make("p", "reason", "reason", ...said), { id: "reason", dir });
    if (lang) reason.lang = lang;
    const dismiss = make("button", "dismiss", "dismiss", "\u2715");
    dismiss.type = "button";
    dismiss.ariaLabel = dismiss.title = this.#word(4, "dismiss");
    dismiss.addEventListener("click", () => this.#dismiss(prompt));
    const heading = make("slot");
    heading.name = "heading";
    const list = make("ul", "items", "", ...offered.map((item) => this.#item(prompt, item)));
    list.setAttribute("role", "list");
    const section = make("section", "prompt", "", heading, make("header", "header", "", reason, dismiss));
    section.setAttribute("aria-labelledby", "reason");
    const brings = offered.length < prompt.items.length ? [] : this.#offer(prompt); // all of it, or none
    section.append(...brings);
    const counted = SPOKEN.includes(this.#language) && prompt.reason.evidence_text;
    if (counted) {
      const evidence = Object.assign(make("p", "evidence", "", counted), { dir: directionOf(prompt) });
      if (lang) evidence.lang = lang;
      section.append(evidence);
    }
    section.append(list);
    section.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#dismiss(prompt);
    });
    this.#put(section);
    if (this.#told !== prompt.prompt_id) {
      this.#told = prompt.prompt_id;
      const why = [reason, ...brings].map((said) => said.textContent).join(". ");
      this.#announce(`${why}: ${offered.map(({ title }) => title).join(", ")}`);
      this.#tell("goes-with:show", { prompt });
    }
    this.#seeing = new IntersectionObserver((entries) => this.#seen(entries.at(-1)), {
      threshold: [0, 0.25, VISIBLE_SHARE_MIN, 0.75, 1],
    });
    this.#seeing.observe(section);
  }

  /** Why, with the shop's titles: text and the anchor, apart from each other in either direction. */
  #reason(prompt, items) {
    const { reason } = prompt;
    const own = this.#words.reasons?.[reason.template ?? reason.text];
    const named = reason.title || !reason.template?.includes("{anchor}"); // else its text has an id
    if (!own && named && this.#foreign(prompt)) return { said: [reason.text], dir: directionOf(prompt), lang: reason.language };
    const theirs = !own && SPOKEN.includes(this.#language);
    // Where it names no anchor, what is offered may go with several: then none is named here either.
    const title = items[reason.anchor]?.title;
    let template = own ?? (theirs ? (reason.template ?? reason.text) : this.#word(0, "goes"));
    const label = template.includes("{anchor}") && !title;
    if (label) template = this.#word(1, "label");
    const dir = theirs && !label ? directionOf(prompt) : "auto";
    return { said: parts(template, "{anchor}", title), dir, lang: "" };
  }

  /** Whether it was worded before the shopper chose the language of this page: then it stays as it is. */
  #foreign({ reason }) {
    return SPOKEN.includes(this.#language) && (reason.language ?? this.#language) !== this.#language;
  }

  /** What the items bring beside themselves: as it is said, or what it comes to in money. */
  #offer(prompt) {
    const { offer } = prompt;
    const line = (dir, ...said) => Object.assign(make("p", "offer", "offer", ...said), { dir });
    if (offer?.texts) {
      const spoken = SPOKEN.includes(this.#language) ? offer.texts : [];
      return spoken.map((text) => line(directionOf(prompt), text));
    }
    const [amount, place, name] = AMOUNTS[offer?.type] ?? [];
    if (!(offer?.[amount] > 0)) return [];
    const { [amount]: price_minor, currency } = offer;
    const price = priceOf({ price_minor, currency, price_places: placesOf(currency) }, this.#lang);
    return price ? [line("auto", ...parts(this.#word(place, name), "{price}", price))] : [];
  }

  #item(prompt, item) {
    const { id, title, price } = item;
    const url = webAddress(item.url);
    const name = make(url ? "a" : "span", "title", "title", make("bdi", "", "", title));
    if (url) {
      name.href = url;
      for (const type of ["click", "auxclick"]) {
        name.addEventListener(type, (event) => this.#click(event, prompt, id));
      }
    }
    const text = make("div", "text", "text", name);
    if (price) text.append(priceTag(String(price)));
    const line = make("li", "item");
    const image = webAddress(item.image);
    if (image) {
      const picture = make("img", "image");
      picture.alt = ""; // its title stands beside it
      picture.loading = "lazy";
      picture.addEventListener("error", () => picture.remove());
      picture.src = image;
      line.append(picture);
    }
    const add = make("button", "add", "", this.#word(2, "add"));
    add.type = "button";
    add.ariaLabel = `${add.textContent}: ${title}`;
    add.addEventListener("click", () => this.#add(prompt, item, add));
    // The button stands beside the text where its longest word and the price have room, else below.
    line.append(make("div", "", "body", text, add));
    return line;
  }

  // What the shopper does.

  #click(event, prompt, id) {
    if (event.type === "auxclick" && event.button !== 1) return;
    this.#client.clicked(prompt, id);
    if (!this.#tell("goes-with:click", { prompt, item_id: id })) event.preventDefault();
  }

  async #add(prompt, item, button) {
    if (button.ariaDisabled) return;
    let promise = null;
    const { id, title, price_minor, currency, category } = item;
    const detail = {
      prompt,
      item,
      item_id: id,
      receipt: prompt.receipt,
      respondWith: (answer) => (promise = Promise.resolve(answer)),
    };
    this.#client.expect(prompt, id);
    if (!this.#tell("goes-with:add", detail)) return; // the shop tells it itself
    if (promise) {
      button.ariaDisabled = "true";
      try {
        await promise;
      } catch {
        button.removeAttribute("aria-disabled");
        this.#failed();
        return;
      }
    }
    this.#client.added(prompt, id, { price_minor, currency, category });
    this.#confirm(title);
  }

  #failed() {
    const words = this.#word(5, "failed");
    this.#section?.querySelector(".failed")?.remove();
    this.#section?.append(make("p", "failed", "failed", words));
    this.#announce(words);
  }

  #dismiss(prompt) {
    this.#client.dismissed(prompt);
    this.#tell("goes-with:dismiss", { prompt });
  }

  #confirm(title) {
    this.#call += 1;
    this.#clear();
    const words = this.#word(3, "added");
    const done = make("p", "done", "done", ...parts(words, "{title}", title));
    const section = make("section", "prompt", "", done);
    this.#put(section);
    this.#announce(done.textContent);
    setTimeout(() => {
      if (section !== this.#section) return;
      this.#clear();
      this.#asked = null;
      this.#update();
    }, DONE_MS);
  }

  // What is on the page.

  #put(section) {
    section.lang = this.#lang;
    const set = this.closest("[dir]") ?? this.getRootNode().host?.closest("[dir]");
    if (!set && RIGHT_TO_LEFT.test(this.#language)) section.dir = "rtl";
    this.#section = section;
    this.shadowRoot.append(section);
    this.toggleAttribute("showing", true);
  }

  #clear() {
    clearTimeout(this.#timer);
    this.#seeing?.disconnect();
    this.#seeing = null;
    this.#visible = false;
    const focused = this.shadowRoot.activeElement;
    if (focused && this.#section?.contains(focused)) this.#said.focus({ preventScroll: true });
    this.#section?.remove();
    this.#section = null;
    this.#prompt = null;
    this.toggleAttribute("showing", false);
  }

  #announce(words) {
    this.#said.textContent = words;
    setTimeout(() => this.#said.textContent === words && this.#said.replaceChildren(), SAID_MS);
  }

  #tell(type, detail) {
    return this.dispatchEvent(
      new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable: true }),
    );
  }

  #seen({ intersectionRatio, intersectionRect, rootBounds }) {
    const most = rootBounds?.height || innerHeight; // what is higher than that: if it fills half
    this.#visible =
      intersectionRatio >= VISIBLE_SHARE_MIN || intersectionRect.height >= VISIBLE_SHARE_MIN * most;
    this.#watch();
  }

  /** An impression: half of it has been visible for a second. */
  #watch() {
    clearTimeout(this.#timer);
    const prompt = this.#prompt;
    if (!prompt || !this.#visible || document.hidden) return;
    this.#timer = setTimeout(() => {
      if (this.#client.shown(prompt)) this.#tell("goes-with:shown", { prompt });
    }, VISIBLE_MS_MIN);
  }
}

/** An element; strings in it are text, whatever they look like. */
function make(tag, part, name, ...children) {
  const element = document.createElement(tag);
  if (part) element.setAttribute("part", part);
  if (name) element.className = name;
  element.append(...children);
  return element;
}

/** Of what goeswith says; where it does not tell, the text shows it. */
function directionOf({ reason }) {
  return reason.direction ?? (reason.language ? "ltr" : "auto");
}

/** A price, on one line; a sentence in its place may be broken, or it would be cut off. */
function priceTag(price) {
  return make("span", "price", price.length > PRICE_LENGTH_MAX ? "" : "whole", make("bdi", "", "", price));
}

/** A sentence with something in the place of a word, which may be of the other direction. */
function parts(template, word, value) {
  return template.split(word).flatMap((text, at) => (at ? [make("bdi", "", "", value), text] : [text]));
}

function consentOf(said) {
  return said === null ? undefined : said === "true";
}

/** An address to follow or to look at, and no script. */
function webAddress(given) {
  try {
    const address = new URL(given ?? "", document.baseURI);
    return given && /^https?:$/.test(address.protocol) ? address.href : null;
  } catch {
    return null;
  }
}

/** As the language writes it; minor units are by ISO 4217, of which `Intl` knows other decimals. */
function priceOf({ price_minor: minor, currency, price_places: places }, lang) {
  try {
    const format = new Intl.NumberFormat(lang, { style: "currency", currency });
    return minor >= 0 && places >= 0 && format.format(minor / 10 ** places);
  } catch {
    return null; // there is no price, or no such language
  }
}

function placesOf(currency) {
  if (currency === "IQD") return 3;
  if (TWO_PLACES.test(currency)) return 2;
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  return format.resolvedOptions().maximumFractionDigits;
}

async function asked(url, options) {
  const answer = await fetch(url, { ...options, signal: AbortSignal.timeout(ASKED_MS_MAX) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer;
}

/** The shop's own server says it: as text, or as `{"token": …}`. */
async function tokenFrom(url) {
  const said = (await (await asked(url, { cache: "no-store" })).text()).trim();
  return said.startsWith("{") ? JSON.parse(said).token : said;
}

if (!customElements.get("goes-with")) customElements.define("goes-with", GoesWith);
