/** Types of goes-with.js: the element `<goes-with>`. See docs/element.md. */

import type { Client, Prompt, TokenSource } from "./client.js";
export * from "./client.js";

/** What the shop says of an item: plain text, and addresses of http or https. */
export interface ShownItem {
  title: string;
  url?: string;
  image?: string;
  /** As it is to be read: "3.19 €". */
  price?: string;
  /** For the event of an add. */
  price_minor?: number;
  currency?: string;
  category?: string;
}

/** What the shop knows of these items, by id; one that it leaves out, or null, is not shown. */
export type Resolve = (
  ids: string[],
  about: { prompt: Prompt; lang: string },
) => Record<string, ShownItem | null> | Promise<Record<string, ShownItem | null>>;

export interface Words {
  /** Why, where there is no better word: "Goes with it". */
  label?: string;
  /** Why, in a language that the gateway does not speak: "Goes with {anchor}". */
  goes?: string;
  add?: string;
  /** "Added: {title}" */
  added?: string;
  dismiss?: string;
  failed?: string;
  /** What a bundle costs less: "You save {price}" */
  saves?: string;
  /** What the basket lacks without the items: "{price} away from free shipping" */
  missing?: string;
  /** Other texts for the gateway's reasons, by template. */
  reasons?: Record<string, string>;
}

export interface AddDetail {
  prompt: Prompt;
  item: ShownItem & { id: string };
  item_id: string;
  receipt: string;
  /** The add is told when this resolves, and not where it rejects. */
  respondWith(answer: unknown): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "goes-with": GoesWith;
  }
  interface GlobalEventHandlersEventMap {
    "goes-with:show": CustomEvent<{ prompt: Prompt }>;
    "goes-with:shown": CustomEvent<{ prompt: Prompt }>;
    "goes-with:click": CustomEvent<{ prompt: Prompt; item_id: string }>;
    "goes-with:add": CustomEvent<AddDetail>;
    "goes-with:dismiss": CustomEvent<{ prompt: Prompt }>;
  }
}

export class GoesWith extends HTMLElement {
  readonly client: Client;
  token: TokenSource | null | undefined;
  resolve: Resolve | null;
  words: Words;
}
