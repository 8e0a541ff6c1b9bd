"""An impression: a prompt that was really shown, and the stages that it reached, item by item.

A stage is a *fact* about a prompt: butter was added, two of them, at this time. What a prompt has
earned is a function of its facts (`streams.shop.memory.attribution`), so it does not matter in
which order they came. What each of them changed when it came is kept beside it, for the outcomes.

An impression is kept as bytes, a third of a kilobyte where objects took two to three: a session
remembers several for a day, and most are looked at for minutes. Those that were looked at last are
there as objects as well, for all sessions together.
"""

import marshal
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Self

from models.limits import within
from models.snapshot.elements import each
from streams.contract.events.fields import LINES_MAX, PRICE_MINOR_MAX, QUANTITY_MAX
from streams.contract.published.outcomes import STAGES, Stage
from streams.contract.receipts import Receipt, receipt_of
from streams.contract.wire.shop.on_offer import ItemWorth, plain
from streams.shop.memory.orders.reward.reached import EARLIER, Reached, bounded
from streams.shop.memory.orders.reward.untold import counts_of
from streams.shop.memory.orders.seen import short

ROUNDING = 1e-9
FACTS_MAX = 48
"""Stages that are kept; later ones count for nothing. Of returns as many again as were bought."""
AMOUNT_MAX = LINES_MAX * QUANTITY_MAX * PRICE_MINOR_MAX
"""Of what is kept: what the dearest order is worth, which can still be told."""
UNPACKED_MAX = 2048
"""Impressions of a process that are there as objects."""
DRAWN_FROM = Receipt._fields.index("arms")
"""From here on a receipt tells which arms were on offer."""
BY_VALUE = 2
"""The latest version of `marshal` by values alone: an impression takes as much on every worker."""
EMPTY_BYTES = 196
"""What an impression takes besides its bytes, its place in the session and its key included."""
MOVING: tuple[Stage, ...] = ("added", "bought", "removed")
"""Stages that move pieces, in the order in which those of one moment do."""
SEEING: tuple[Stage, ...] = ("shown", "clicked", "dismissed")
"""By them a prompt was visible."""
Prompted = tuple[int, str]
"""A prompt's time in ms and its id: an order without ties."""


def _packed(receipt: Receipt, reached: Iterable[Reached]) -> bytes:
    at_ms = receipt.prompted_at_ms
    facts = [
        (STAGES.index(stage), told if told == EARLIER else short(told), told_ms - at_ms, *said)
        for stage, told, told_ms, *said in map(Reached.fields, reached)
    ]
    prompt_id, _, *about = receipt[:DRAWN_FROM]
    kept = [*about, plain(receipt.worths)] if receipt.worths else about
    return marshal.dumps((prompt_id, kept, facts), BY_VALUE)


@lru_cache(maxsize=UNPACKED_MAX)
def _unpacked(kept: bytes, session_id: str) -> tuple[Receipt, tuple[Reached, ...]]:
    prompt_id, about, facts = marshal.loads(kept)  # noqa: S302  # what this process has packed
    worths = about.pop() if len(about) > DRAWN_FROM - 2 else ()
    receipt = Receipt(prompt_id, session_id, *about)
    if worths:
        receipt = receipt._replace(worths=tuple(ItemWorth(*each) for each in worths))
    at_ms = receipt.prompted_at_ms
    return receipt, tuple(
        Reached(STAGES[stage], told, at_ms + after_ms, *said)
        for stage, told, after_ms, *said in facts
    )


def prompted_of(state: Sequence[Any]) -> Prompted:
    """A prompt's place in that order, as JSON has it; raises `TypeError` or `ValueError`."""
    at_ms, prompt_id = state
    return each(int, [at_ms], 0)[0], each(str, [prompt_id])[0]


def _fact(*said: Any) -> Reached:
    """A fact as JSON has it."""
    fact = Reached(*said)
    if fact.untold is None:
        return fact
    return fact._replace(untold=counts_of(fact.untold, fact.quantity, AMOUNT_MAX))


class Impression:
    """A prompt that was really shown, and what became of it.

    Of its receipt the arms that were on offer are not kept.
    """

    __slots__ = ("_kept", "session_id")

    def __init__(self, receipt: Receipt, reached: Sequence[Reached]) -> None:
        self.session_id = receipt.session_id
        self._kept = _packed(receipt, reached)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Impression):
            return NotImplemented
        return (self.receipt, self.reached) == (other.receipt, other.reached)

    __hash__ = None  # type: ignore[assignment]  # it changes

    @property
    def receipt(self) -> Receipt:
        """What the prompt was."""
        return _unpacked(self._kept, self.session_id)[0]

    @property
    def reached(self) -> tuple[Reached, ...]:
        """Its facts, in the order in which they were told."""
        return _unpacked(self._kept, self.session_id)[1]

    def put(self, reached: Sequence[Reached]) -> None:
        """These are its facts now."""
        self._kept = _packed(self.receipt, reached)

    @property
    def kept_bytes(self) -> int:
        """How much of memory it takes by what its own partition tells.

        What others have told by now, nobody can say: it is not weighed, and bounded by what was
        bought, a fact for each item of an order.
        """
        return EMPTY_BYTES + len(self._kept) if self.told else self.own().kept_bytes

    @property
    def reward(self) -> float:
        """What its stages were worth so far, in [0, 1], as its own partition tells."""
        return sum(fact.reward for fact in self.reached)

    @property
    def prompted(self) -> Prompted:
        """When it was prompted, and by its id which of those of one moment it is."""
        return self.receipt.prompted_at_ms, self.receipt.prompt_id

    @property
    def shown_ms(self) -> int:
        """When it was shown: by the earliest sign of it, and not before it was prompted."""
        signs = min(fact.at_ms for fact in self.reached if fact.stage in SEEING)
        return max(signs, self.receipt.prompted_at_ms)

    def sign(self, at_ms: int) -> None:
        """An event brought its receipt: it was shown by then, if that is earlier."""
        shown_ms = max(at_ms, self.receipt.prompted_at_ms)
        if shown_ms < self.shown_ms:
            shown = (fact.stage == "shown" for fact in self.reached)
            told = zip(self.reached, shown, strict=True)
            self.put([one._replace(at_ms=shown_ms) if it else one for one, it in told])

    @property
    def full(self) -> bool:
        """Whether it takes no more facts but returns; these do not count for that."""
        return sum(fact.stage != "returned" for fact in self.reached) >= FACTS_MAX

    def of(self, stage: Stage, item_id: str | None = None) -> Iterator[Reached]:
        """The facts of a stage, of one item or of all."""
        for fact in self.reached:
            if fact.stage == stage and item_id in (None, fact.item_id):
                yield fact

    def has(self, stage: Stage) -> bool:
        """Whether it reached this stage."""
        return any(fact.stage == stage for fact in self.reached)

    def standing(self, item_id: str, until_ms: float) -> int:
        """How many of what was added from it an order of that time finds: not taken out before.

        What was taken out in that very moment went after it, as when a cart is emptied by an order.
        """
        return sum(self._held_and_bought(item_id, until_ms, after=False))

    def in_basket(self, item_id: str, until_ms: float) -> int:
        """How many of what was added from it are still in the basket: neither out nor bought."""
        return self._held_and_bought(item_id, until_ms, after=True)[0]

    def _held_and_bought(self, item_id: str, until_ms: float, *, after: bool) -> tuple[int, int]:
        """By its own times, whichever came first; `after`: with what was taken out just then.

        Of a line that several prompts sold it is what this one may claim: the rest was others'.
        """
        held = bought = 0
        if item_id.encode("utf-8", "surrogatepass") not in self._kept:
            return 0, 0  # as nearly always: nothing has to be unpacked
        facts = [fact for fact in self.reached if fact.item_id == item_id and fact.stage in MOVING]
        for fact in sorted(facts, key=lambda one: (one.at_ms, MOVING.index(one.stage))):
            out = fact.stage == "removed"
            if fact.at_ms > until_ms or (out and fact.at_ms == until_ms and not after):
                continue
            most = fact.quantity if fact.claim is None else min(fact.quantity, fact.claim)
            moved = -min(held, most) if fact.stage != "added" else fact.quantity
            held, bought = held + moved, bought - (moved if fact.stage == "bought" else 0)
        return held, bought

    def returned(self, order_id: str | None, item_id: str | None) -> int:
        """How many of what this order bought came back."""
        return sum(
            fact.quantity for fact in self.of("returned", item_id) if fact.order_id == order_id
        )

    @property
    def told(self) -> bool:
        """Whether its own partition has told all of it."""
        return all(fact.event_id for fact in self.reached)

    def own(self) -> "Impression":
        """The same, as its own partition alone tells."""
        return Impression(self.receipt, [fact for fact in self.reached if fact.told])

    def state(self, *, whole: bool = True) -> list[Any]:
        """Everything, as JSON; else what only the events of its own session have told."""
        facts = [fact.fields() for fact in self.reached]
        if not whole:
            own = (fact for fact in self.reached if fact.stage != "returned")
            facts = [fact._replace(reward=0.0).fields() for fact in own]
        receipt = self.receipt
        said = list(receipt[:-1])
        return [[*said, plain(receipt.worths)] if receipt.worths else said, facts]

    @classmethod
    def from_state(cls, state: list[Any]) -> Self:
        """The impression whose `state()` this is, or what JSON made of it.

        Raises `TypeError` or `ValueError` when it is none. What its facts were worth need not be in
        [0, 1] together: they may have been told under other terms, one after the other.
        """
        fields, facts = state
        reached = [_fact(*said) for said in facts]
        stages = {fact.stage for fact in reached}
        if "shown" not in stages or not stages <= {*STAGES}:
            raise ValueError(f"an impression that reached {', '.join(map(str, stages))}")
        for fact in reached:
            names = fact.item_id, fact.order_id, fact.currency
            each(str, [fact.event_id, *(name for name in names if name is not None)])
            each(
                int,
                [fact.at_ms, fact.quantity, fact.value_minor or 0, fact.claim or 0],
                0,
                AMOUNT_MAX,
            )
            each(int, [fact.margin_minor or 0], -AMOUNT_MAX, AMOUNT_MAX)
            most = FACTS_MAX if fact.event_id == EARLIER else 1.0 + ROUNDING
            within(-most, most, reward=fact.reward)
        return cls(receipt_of(fields), bounded(reached))
