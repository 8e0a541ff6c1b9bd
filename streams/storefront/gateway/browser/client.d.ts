/** Types of client.js: what goes with this, without markup. See docs/element.md. */

/** Beside the id what the shop's catalogue says, where the gateway follows one. */
export interface PromptItem {
  item_id: string;
  title?: string;
  /** In minor units of `currency`. */
  price_minor?: number;
  currency?: string;
  /** How many decimals the currency has by ISO 4217. */
  price_places?: number;
  image_url?: string;
  url?: string;
}

/** What a page may show: plain text, never HTML. */
export interface Prompt {
  type: "prompt";
  prompt_id: string;
  placement: "product_page" | "basket";
  kind: string;
  /** The item that asked: what goes with this? */
  anchor: string;
  /** Best first: one to three. */
  items: PromptItem[];
  reason: {
    text: string;
    /** `text` with `{anchor}` where an item is named: put its title there. */
    template?: string;
    /** The item that `{anchor}` stands for. */
    anchor?: string;
    /** The title of that item, which `text` then has in place of the id. */
    title?: string;
    direction?: "rtl";
    /** What was counted: "In 41 of 57 baskets". */
    evidence_text?: string;
  };
  /** The event that asked. */
  caused_by: string;
  expires_at_ms: number;
  expires_in_ms: number;
  receipt: string;
}

export interface Line {
  item_id: string;
  quantity?: number;
  price_minor?: number;
  currency?: string;
}

interface Said {
  /** Made up, if left out. The same id is the same event. */
  event_id?: string;
  /** Now, if left out. */
  occurred_at_ms?: number;
  /** The page's `lang`, if left out. */
  locale?: string;
  consent?: boolean;
}

interface About {
  item_id: string;
  category?: string;
  price_minor?: number;
  currency?: string;
}

/**
 * What a page may say; whose it is, is the token's to say. An order only where the gateway is set to
 * believe pages (`gateway_browser_orders`): your server tells it, or a webhook.
 */
export type ShopEvent = Said &
  (
    | ({ type: "item_viewed" } & About)
    | ({ type: "item_added"; quantity?: number; receipt?: string } & About)
    | { type: "item_removed"; item_id: string; quantity?: number }
    | { type: "basket_updated"; lines: Line[]; currency?: string }
    | { type: "checkout_started" }
    | { type: "checkout_left" }
    | { type: "order_placed"; order_id: string; lines: Line[]; currency?: string }
    | { type: "prompt_shown"; receipt: string }
    | { type: "prompt_clicked"; receipt: string; item_id?: string }
    | { type: "prompt_dismissed"; receipt: string }
  );

/** A session token of the shop's server, or what gets one: called again before it ends. */
export type TokenSource = string | (() => string | Promise<string>);

export interface ClientOptions {
  /** The gateway's address; where the script is from, if left out. */
  gateway?: string | null;
  token?: TokenSource;
  /** Of all events; the page's `lang`, if left out. */
  locale?: string;
  /** Of all events; who asks again with another one, is heard. */
  consent?: boolean;
}

export interface ClientEvents {
  /** What may be shown has changed: look at `prompts`. */
  prompts: CustomEvent<null>;
  /** An event that will never be taken: mend the page. */
  refused: CustomEvent<{ event: ShopEvent; reason: string; message?: string }>;
  /** Something did not work, and is tried again. */
  trouble: CustomEvent<{ message: string }>;
}

export class Client extends EventTarget {
  constructor(options?: ClientOptions);
  /** Another one: after signing in or out. */
  token: TokenSource | null | undefined;
  /** Of the events from now on. */
  consent: boolean | undefined;
  /** What may be shown now, oldest first. */
  readonly prompts: Prompt[];
  /** Get another token now; where it is of another session, nothing of the old one stays. */
  renew(): void;
  /** Say what happened; returns the event's id. */
  send(event: ShopEvent): string;
  /** Whether this prompt may be shown now. */
  holds(prompt: Prompt): boolean;
  /** Follow the prompts, until what it returns is called. */
  follow(): () => void;
  /** The shopper could really see it; false where that has been said before. */
  shown(prompt: Prompt): boolean;
  /** The shopper followed an item of it. */
  clicked(prompt: Prompt, itemId: string): string;
  /** The shopper took an item of it: sends `item_added`, with its receipt. */
  added(
    prompt: Prompt,
    itemId: string,
    fields?: { quantity?: number; price_minor?: number; currency?: string; category?: string },
  ): string;
  /** The shopper sent it away. */
  dismissed(prompt: Prompt): string;
  /** The page will say itself that this item was added: the receipt is put into that event. */
  expect(prompt: Prompt, itemId: string): void;
  /** Neither sends nor listens from now on. */
  close(): void;
  addEventListener<T extends keyof ClientEvents>(
    type: T,
    listener: (event: ClientEvents[T]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

/** The page's client of a gateway: one, however often it is asked for; who is first, says how. */
export function connect(options?: ClientOptions): Client;
