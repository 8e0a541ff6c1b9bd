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

/** A place of the shop that prompts are asked for. */
export type Placement = "product_page" | "basket" | "checkout" | "post_purchase" | "upgrade";

/** What a page may show: plain text, never HTML. */
export interface Prompt {
  type: "prompt";
  prompt_id: string;
  /** The slot that it is for. */
  placement: Placement;
  /** `cross_sell` completes the purchase; `upsell` is instead of `anchor`. */
  kind: "cross_sell" | "upsell";
  /** The item that asked: what goes with this? */
  anchor: string;
  /** Best first: one to three. */
  items: PromptItem[];
  reason: Reason;
  /** What the items bring beside themselves. */
  offer?: Offer;
  /** The event that asked. */
  caused_by: string;
  expires_at_ms: number;
  expires_in_ms: number;
  receipt: string;
}

/** Why, for the shopper. */
export interface Reason {
  text: string;
  /** `text` with `{anchor}` where an item is named: put its title there. */
  template?: string;
  /** The item that `{anchor}` stands for. */
  anchor?: string;
  /** The title of that item, which `text` then has in place of the id. */
  title?: string;
  direction?: "rtl";
  /** Of the text: the shopper may have chosen another one since. */
  language?: string;
  /** What was counted: "In 41 of 57 baskets". */
  evidence_text?: string;
}

/** By `type`; a release may add to them. Amounts are in minor units of `currency`. */
export type Offer = FreeShippingOffer | BundleOffer | LoyaltyOffer;

/** With the items the basket reaches what ships free. */
export interface FreeShippingOffer {
  type: "free_shipping";
  /** What the basket lacks without them. */
  missing_minor: number;
  threshold_minor: number;
  currency: string;
}

/** With the items a bundle is complete: the shop takes the discount off, once. */
export interface BundleOffer {
  type: "bundle";
  bundle: string;
  /** What the shopper has, and the items. */
  bundle_items: string[];
  /** All of it without the discount, one of each. */
  price_minor: number;
  discount_minor: number;
  currency: string;
}

/** The items bring points; from `balance` on it is there where that is known. */
export interface LoyaltyOffer {
  type: "loyalty";
  tier: string;
  /** What one of each brings, in the order of the items. */
  points: number[];
  balance?: number;
  next_tier?: string;
  /** What the balance lacks of it, not counting the basket. */
  missing_points?: number;
  /** Whether one of each item brings that many, not counting the basket. */
  reaches?: boolean[];
  /** What all points pay. */
  worth_minor?: number;
  currency?: string;
  /** The same as sentences, in language and direction of the reason: plain text. */
  texts?: string[];
}

/** On the stream: not to be shown any more. The client takes it out of `prompts`. */
export interface PromptWithdrawn {
  type: "prompt_withdrawn";
  prompt_id: string;
  /** A release may add to these. */
  because:
    | "added" | "ordered" | "dismissed" | "checkout" | "consent" | "signed_out"
    | "sold_out" | "hidden" | "restricted" | "not_eligible" | "repriced" | "offer_ended"
    | "arm_stopped" | "no_longer_current" | (string & {});
}

export interface Line {
  item_id: string;
  category?: string;
  quantity?: number;
  price_minor?: number;
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

export interface ItemViewed extends Said {
  type: "item_viewed";
  item_id: string;
  category?: string;
  /** In minor units of `currency`. */
  price_minor?: number;
  currency?: string;
  /** Where prompts are asked for: `product_page`, if left out. */
  slots?: Placement[];
}

export interface ItemAdded extends Said {
  type: "item_added";
  item_id: string;
  category?: string;
  quantity?: number;
  /** Of one, in minor units of `currency`. */
  price_minor?: number;
  currency?: string;
  /** Of the prompt that it was added from. */
  receipt?: string;
  /** Where prompts are asked for: `basket`, if left out. */
  slots?: Placement[];
}

export interface ItemRemoved extends Said {
  type: "item_removed";
  item_id: string;
  quantity?: number;
}

/** All that is in the basket by now. */
export interface BasketUpdated extends Said {
  type: "basket_updated";
  lines: Line[];
  currency?: string;
}

export interface CheckoutStarted extends Said {
  type: "checkout_started";
  /** Where prompts are asked for, such as `checkout`: nowhere, if left out. */
  slots?: Placement[];
}

export interface CheckoutLeft extends Said {
  type: "checkout_left";
}

/**
 * Only where the gateway is set to believe pages (`gateway_browser_orders`): your server tells it, or
 * a webhook.
 */
export interface OrderPlaced extends Said {
  type: "order_placed";
  order_id: string;
  lines: Line[];
  currency?: string;
  /** Where prompts are asked for, such as `post_purchase`: nowhere, if left out. */
  slots?: Placement[];
}

export interface PromptShown extends Said {
  type: "prompt_shown";
  receipt: string;
}

export interface PromptClicked extends Said {
  type: "prompt_clicked";
  receipt: string;
  item_id?: string;
}

export interface PromptDismissed extends Said {
  type: "prompt_dismissed";
  receipt: string;
}

/** What a page may say; whose it is, is the token's to say. */
export type ShopEvent =
  | ItemViewed
  | ItemAdded
  | ItemRemoved
  | BasketUpdated
  | CheckoutStarted
  | CheckoutLeft
  | OrderPlaced
  | PromptShown
  | PromptClicked
  | PromptDismissed;

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
  /** Another one, after signing in or out: `prompts` is empty until it is known whose it is. */
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
    fields?: Omit<ItemAdded, "type" | "item_id" | "receipt">,
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
