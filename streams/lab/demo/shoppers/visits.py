"""One visit of one simulated shopper: a small state machine that says events and hears prompts.

```
            step(now_ms) ──► events                 hear(prompt, now_ms) ──► prompt_shown
               │  what the shopper makes of the prompt last seen, else the next of the plan
               └► over
```
Time comes in as an argument, and all randomness from the visit's own seed: the plan from the seed
alone, each reaction from the seed and the prompt's id. Visits hear in any order what others hear.
"""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from streams.contract.events import (
    CheckoutStarted,
    Event,
    ItemAdded,
    ItemRemoved,
    ItemViewed,
    OrderLine,
    OrderPlaced,
    OrderReturned,
    PromptClicked,
    PromptDismissed,
    PromptShown,
)
from streams.contract.published.prompts import Prompt, Published
from streams.lab.demo.shoppers.plans import Intent, plan
from streams.lab.demo.shoppers.shoppers import Reaction, Shopper, react
from streams.lab.demo.shops.assortment import GROCERY, Assortment

STEPS_MAX = 200


class Visit:
    """A visit under way.

    >>> visit = Visit("s1", Shopper("anna", "regular", ("bread", "tea", "tent")), seed="7")
    >>> [(event.type, event.item_id) for event in visit.step(1767225600000)]
    [('item_viewed', 'earphones')]
    """

    def __init__(
        self, session_id: str, shopper: Shopper, seed: str, shop: Assortment = GROCERY
    ) -> None:
        self.session_id = session_id
        self.shopper = shopper
        self.shop = shop
        self.basket: Counter[str] = Counter()
        self.prompts_seen = 0
        self.prompts_missed = 0
        self.kept: frozenset[str] = frozenset()
        """What was bought, and has not come back."""
        self.items_foreign = 0
        """Items in prompts that no shelf of ours holds: others use the same topics."""
        self._seed = seed
        rng = Random(seed)
        self._todo = deque(plan(shopper, rng, shop))
        self._pauses = Random(rng.random())
        self._reactions: deque[tuple[Prompt, Reaction]] = deque()
        self._heard: set[str] = set()
        self._ordered: tuple[OrderLine, ...] = ()
        self._page = ""  # the event that opened what the shopper looks at now
        self._said = 0
        self._steps = 0

    @property
    def over(self) -> bool:
        """Nothing is left to do."""
        return self._steps >= STEPS_MAX or not (self._todo or self._reactions)

    def pause_s(self, think_s: float) -> float:
        """How long the shopper thinks before the next step, `think_s` on average."""
        return think_s * self._pauses.uniform(0.4, 1.6)

    def step(self, now_ms: int) -> tuple[Event, ...]:
        """What the shopper does next; empty when there was nothing left to do."""
        self._steps += 1
        if self._reactions:
            return tuple(self._reacted(*self._reactions.popleft(), now_ms))
        while self._todo:
            if events := tuple(self._done(self._todo.popleft(), now_ms)):
                return events
        return ()

    def hear(self, published: Published, now_ms: int) -> tuple[Event, ...]:
        """Look at a prompt, if what it belongs to is still on the screen; a repeat is no news."""
        if not isinstance(published, Prompt):
            self._forget(published.prompt_id)
            return ()
        if published.prompt_id in self._heard:
            return ()
        self._heard.add(published.prompt_id)
        if published.caused_by != self._page or now_ms >= published.expires_at_ms:
            self.prompts_missed += 1
            return ()
        known = [item.item_id for item in published.items if item.item_id in self.shop.items]
        self.items_foreign += len(published.items) - len(known)
        if not known:
            return ()
        self._reactions.append((published, self._made_of(published, known)))
        self.prompts_seen += 1
        return (PromptShown(**self._who(now_ms), receipt=published.receipt),)

    def _made_of(self, prompt: Prompt, items: Sequence[str]) -> Reaction:
        return react(
            items,
            {*self.basket, prompt.anchor},
            self.shopper,
            prompt.placement,
            seen=self.prompts_seen,
            rng=Random(f"{self._seed}/{prompt.prompt_id}"),
            shop=self.shop,
        )

    def _forget(self, prompt_id: str) -> None:
        """A withdrawn prompt vanishes from the screen before anything came of it."""
        self._reactions = deque(r for r in self._reactions if r[0].prompt_id != prompt_id)

    def _reacted(self, prompt: Prompt, reaction: Reaction, now_ms: int) -> Iterator[Event]:
        receipt = prompt.receipt
        if reaction.stage == "dismissed":
            yield PromptDismissed(**self._who(now_ms), receipt=receipt)
        if reaction.stage in {"clicked", "added"}:
            yield PromptClicked(**self._who(now_ms), receipt=receipt, item_id=reaction.item_id)
        if reaction.stage == "added" and reaction.item_id:
            yield self._added(reaction.item_id, now_ms, receipt=receipt)

    def _done(self, intent: Intent, now_ms: int) -> Iterator[Event]:
        """The events of one intent; none if it makes no sense any more."""
        match intent.what:
            case "view":
                yield self._viewed(intent.item_id, now_ms)
            case "add" if intent.item_id not in self.basket:
                yield self._added(intent.item_id, now_ms)
            case "remove" if self.basket:
                yield self._removed(now_ms)
            case "checkout" if self.basket:
                self._page = ""
                yield CheckoutStarted(**self._who(now_ms))
            case "order" if self.basket:
                yield self._order(now_ms)
            case "return" if self._ordered:
                self.kept -= {self._ordered[0].item_id}
                yield OrderReturned(
                    **self._who(now_ms), order_id=self._order_id, lines=self._ordered[:1]
                )
            case _:
                return

    def _viewed(self, item_id: str, now_ms: int) -> ItemViewed:
        who = self._who(now_ms)
        self._page = who["event_id"]
        return ItemViewed(**who, **self._priced(item_id))

    def _added(self, item_id: str, now_ms: int, receipt: str | None = None) -> ItemAdded:
        who = self._who(now_ms)
        self._page = who["event_id"]
        self.basket[item_id] += 1
        return ItemAdded(**who, **self._priced(item_id), receipt=receipt)

    def _removed(self, now_ms: int) -> ItemRemoved:
        """The latest thing goes back to its shelf."""
        item_id, _ = self.basket.popitem()
        return ItemRemoved(**self._who(now_ms), item_id=item_id)

    def _order(self, now_ms: int) -> OrderPlaced:
        """All that is in the basket is bought."""
        items = self.shop.items
        self._ordered = tuple(
            OrderLine(item_id=item, quantity=quantity, price_minor=items[item].price_minor)
            for item, quantity in self.basket.items()
        )
        self.kept |= set(self.basket)
        self.basket.clear()
        return OrderPlaced(
            **self._who(now_ms),
            order_id=self._order_id,
            lines=self._ordered,
            currency=self.shop.currency,
        )

    @property
    def _order_id(self) -> str:
        return f"order-{self.session_id}"

    def _who(self, now_ms: int) -> dict[str, Any]:
        """What every event of this visit carries; each call makes the id of a new event."""
        self._said += 1
        return {
            "event_id": f"{self.session_id}-{self._said}",
            "session_id": self.session_id,
            "shopper_id": self.shopper.known_as,
            "consent": self.shopper.consent,
            "segment": self.shopper.segment,
            "occurred_at_ms": now_ms,
        }

    def _priced(self, item_id: str) -> dict[str, Any]:
        return {
            "item_id": item_id,
            "price_minor": self.shop.items[item_id].price_minor,
            "currency": self.shop.currency,
        }
