"""The rows of feeds: one an item, with its titles and a sentence in one language. Pure.

Nothing is decided here: items are those of prompts that were decided on, less what was bought,
taken or sent away since, and what the catalogue keeps out by now.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.titles import title_in
from streams.contract.published.prompts import Prompt, PromptItem
from streams.shop.decision.catalog.catalog import reason_to_withhold, with_product
from streams.shop.decision.languages.message_files import FALLBACK
from streams.shop.decision.languages.messages import OF_SEVERAL, TEXTS, reason, spoken_in
from streams.shop.decision.languages.sentences import (
    evidence_sentence,
    said_by_staff,
    staff_sentence,
)
from streams.storefront.feeds.offers import offer_fields, said_of_offer
from streams.storefront.feeds.sessions import FeedOrder, FeedSession, FeedSessions

OF_ONE = {several: key for key, several in OF_SEVERAL.items() if key in TEXTS[FALLBACK]}
"""Key of a text of several items that names no anchor -> the key of one that names it."""


class FeedRow(NamedTuple):
    """One item that would complete an order, or a basket."""

    session_id: str
    shopper_id: str | None
    """As the shop's events call the shopper."""
    order_id: str | None
    """What it would complete; None: the basket of the session."""
    at_ms: int
    """When that was ordered, or the prompt was asked for."""
    anchor: str
    """The item that it goes with."""
    item_id: str
    title: str | None
    price_minor: int | None
    currency: str | None
    url: str | None
    image_url: str | None
    language: str
    """Of the text."""
    text: str
    """A sentence: for the shopper, or for staff to say."""
    evidence_text: str | None
    prompt_id: str
    offer: str | None = None
    """`free_shipping`, `bundle` or `loyalty`: what the basket gets with it, for staff to say, as of
    when the prompt was asked for; None: nothing, and so are those of what follows of other kinds.
    """
    offer_missing_minor: int | None = None
    """Free shipping: what the basket lacked, in minor units of `offer_currency`."""
    offer_threshold_minor: int | None = None
    """Free shipping: from which worth on."""
    offer_price_minor: int | None = None
    """Bundle: what all of it costs without the discount."""
    offer_discount_minor: int | None = None
    """Bundle: what it costs less, when all of it is bought."""
    offer_points: int | None = None
    """Loyalty: what one of this item brings."""
    offer_currency: str | None = None
    """ISO 4217 code."""


class FeedMaker:
    """Makes the rows of a feed.

    Parameters
    ----------
    catalog
        What is known of items, by id.
    margin_ratio_min
        The margin floor of the workers: what they withhold for it is in no feed.
    language
        Of texts and titles; None: that of the event that asked.
    items_max
        Most rows of an order, or of a session.
    """

    def __init__(
        self,
        sessions: FeedSessions,
        catalog: Mapping[str, CatalogItem],
        *,
        margin_ratio_min: float,
        language: str | None = None,
        items_max: int = 3,
    ) -> None:
        self.left_out: Counter[str] = Counter()
        """Sessions that are in no feed, by reason."""
        self._sessions = sessions
        self._catalog, self._margin_ratio_min = catalog, margin_ratio_min
        self._language = language
        self._items_max = items_max

    def post_purchase(self) -> Iterator[FeedRow]:
        """What would complete each order, the oldest order first."""
        orders = [
            (order, session)
            for session in self._sessions.sessions.values()
            for order in self._orders(session)
        ]
        for order, session in sorted(orders, key=lambda each: (each[0].at_ms, each[0].order_id)):
            out = self._sessions.bought(session)
            gone = self._sessions.came_back(session) - self._sessions.kept(order).keys()
            for prompt, item in self._items(session, out, withdrawn=True, gone=gone):
                row = self._row(session, prompt, item, self._reason(prompt, item))
                yield row._replace(
                    order_id=order.order_id, at_ms=order.at_ms, shopper_id=order.shopper_id
                )

    def staff(self) -> Iterator[FeedRow]:
        """What staff may say to each shopper who has not ordered yet, the oldest session first.

        Whoever has ordered in another session has: a payment page's, a till's, a phone's.
        """
        sessions = [
            session
            for session in self._sessions.sessions.values()
            if not self._sessions.has_ordered(session) and self._may(session)
        ]
        for session in sorted(sessions, key=lambda each: each.session_id):
            out = self._sessions.bought(session) | session.basket
            for prompt, item in self._items(session, out, withdrawn=False):
                row = self._row(session, prompt, item, self._said_by_staff(session, prompt, item))
                yield row._replace(**offer_fields(prompt, item))

    def _orders(self, session: FeedSession) -> list[FeedOrder]:
        """The orders of a session that may be completed; counts it as left out if none may."""
        why = {
            number: self._sessions.order_left_out(session, order)
            for number, order in session.orders.items()
        }
        standing = [each for each in why.values() if each != "taken_back"]
        if not why or (standing and not self._may(session)):
            return []
        if all(why.values()):
            self.left_out[next(filter(None, standing), "taken_back")] += 1
        return [order for number, order in session.orders.items() if why[number] is None]

    def _may(self, session: FeedSession) -> bool:
        why = self._sessions.left_out(session)
        if why is not None:
            self.left_out[why] += 1
        return why is None

    def _items(
        self,
        session: FeedSession,
        out: set[str],
        *,
        withdrawn: bool,
        gone: Collection[str] = (),
    ) -> Iterator[tuple[Prompt, PromptItem]]:
        """What was offered and may be still, the latest prompt's best item first, each once.

        Not what goes with an item that is `gone`: it came back.
        """
        seen = set(out)
        for prompt in session.offered(withdrawn=withdrawn):
            for item in prompt.items:
                if _anchor(prompt, item) in gone:
                    continue
                if item.item_id not in seen and not self._withheld(item.item_id):
                    seen.add(item.item_id)
                    yield prompt, item
                    if len(seen) - len(out) >= self._items_max:
                        return

    def _withheld(self, item_id: str) -> bool:
        """Whether the workers would offer an item no more, as its record and product's are now."""
        known = self._catalog.get(item_id)
        if known is None:
            return False
        product = None if known.variant_of is None else self._catalog.get(known.variant_of)
        floor = self._margin_ratio_min
        of_product = None if product is None else reason_to_withhold(product, floor)
        return with_product(reason_to_withhold(known, floor), of_product) is not None

    def _row(self, session: FeedSession, prompt: Prompt, item: PromptItem, text: str) -> FeedRow:
        known = self._catalog.get(item.item_id) or CatalogItem(item_id=item.item_id)
        language = self._spoken(prompt)
        counts = {"together": item.evidence.together, "of": item.evidence.of}
        key = self._key(prompt, item)
        return FeedRow(
            session_id=session.session_id,
            shopper_id=session.shopper_id,
            order_id=None,
            at_ms=prompt.occurred_at_ms,
            anchor=_anchor(prompt, item),
            item_id=item.item_id,
            title=title_in(known.titles, (self._locale(prompt),)),
            price_minor=known.price_minor,
            currency=known.currency,
            url=known.url,
            image_url=known.image_url,
            language=language,
            text=text,
            evidence_text=key and evidence_sentence(key, language, **counts),
            prompt_id=prompt.prompt_id,
        )

    def _reason(self, prompt: Prompt, item: PromptItem) -> str:
        """Why, for the shopper: the prompt's reason, as far as it is this item's.

        What an `offer` said of a basket, such as free shipping, is no word of the item: such an
        item is suggested.
        """
        key = self._key(prompt, item)
        anchor = self._title(_anchor(prompt, item), prompt)
        key = OF_ONE.get(key or "", key)  # a row has one item, with its own anchor
        if key in TEXTS[FALLBACK] and prompt.offer is None:
            return reason(key, anchor=anchor, locale=self._locale(prompt))["text"]
        return self._by_reason(prompt, item)

    def _said_by_staff(self, session: FeedSession, prompt: Prompt, item: PromptItem) -> str:
        """What staff say: the offer, or else why."""
        kind = said_of_offer(prompt, is_less=session.less_ms > prompt.occurred_at_ms)
        if kind is None:
            return self._by_reason(prompt, item)
        return said_by_staff(kind, self._spoken(prompt), **self._titles(prompt, item))

    def _by_reason(self, prompt: Prompt, item: PromptItem) -> str:
        key = self._key(prompt, item) or ""
        return staff_sentence(key, self._spoken(prompt), **self._titles(prompt, item))

    def _titles(self, prompt: Prompt, item: PromptItem) -> dict[str, str]:
        anchor = self._title(_anchor(prompt, item), prompt)
        return {"anchor": anchor, "item": self._title(item.item_id, prompt)}

    def _key(self, prompt: Prompt, item: PromptItem) -> str | None:
        """The key of what speaks for an item; None: of an arm of several sources it is not told."""
        key = prompt.reason.key
        return key if "/" not in key or item is prompt.items[0] else None

    def _title(self, item_id: str, prompt: Prompt) -> str:
        known = self._catalog.get(item_id)
        titles = known.titles if known is not None else {}
        return title_in(titles, (self._locale(prompt),)) or item_id

    def _locale(self, prompt: Prompt) -> str | None:
        return self._language or prompt.locale

    def _spoken(self, prompt: Prompt) -> str:
        return spoken_in(self._locale(prompt))


def _anchor(prompt: Prompt, item: PromptItem) -> str:
    return item.evidence.anchor or prompt.anchor
