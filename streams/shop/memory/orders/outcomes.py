"""Outcomes: the stages that an event brought to prompts, as they are published.

They are *read off* the impressions, not remembered beside them: whoever answers for an event finds
the stages which that event brought, even when somebody else folded it first. A session may have let
go of the impression by then; the latest stages of those are kept for who answers late (`LetGo`), so
that outcomes follow from the log, and not from how far behind their worker was.

A `shown` has all that its prompt was drawn from, so that arms can be judged by outcomes alone. That
is in the receipt that the event brings, and is not kept with the impression.
"""

from collections.abc import Iterable, Iterator

from streams.contract.errors import InvalidReceipt
from streams.contract.events import Event, EventBase
from streams.contract.published.outcomes import Outcome
from streams.contract.receipts import Receipt
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.seen import HASHED, short

LET_GO_MAX = 8_192
"""Of a partition: two for a stage that an event brought. An impression takes a kilobyte."""
OF_ONE_MAX = 8
"""Impressions to which one event brought stages, as many as a session has."""


class LetGo:
    """The impressions that sessions have let go, by the events that brought their stages.

    Ids are good for one session (senders count 1, 2, 3), so by that, too: the impression's own, or
    none where the event may be another session's, which is named by its identity.

    For the answer: it is no part of the state, no checkpoint has it, and nothing is folded by it.
    """

    __slots__ = ("_held", "_told")

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], tuple[Impression, ...]] = {}
        self._held = 0

    def __len__(self) -> int:
        return self._held

    def note(self, impression: Impression) -> None:
        """A session lets go of an impression; of too many the first are forgotten."""
        for name in {fact.event_id: None for fact in impression.reached if fact.told}:
            self._note(impression.session_id, name, impression)
            if name[0] == HASHED or " " in name:  # as an identity is written
                self._note("", name, impression)
        while self._held > LET_GO_MAX:
            self._held -= len(self._told.pop(next(iter(self._told))))

    def _note(self, session_id: str, name: str, impression: Impression) -> None:
        before = self._told.pop((session_id, name), ())
        now = self._told[session_id, name] = (*before, impression)[-OF_ONE_MAX:]
        self._held += len(now) - len(before)

    def of(self, event: EventBase) -> tuple[Impression, ...]:
        """Those to which an event has brought a stage, and maybe some others."""
        told = self._told
        if not told:  # as nearly always
            return ()
        own = told.get((event.session_id, short(event.event_id)), ())
        return own + told.get(("", short(event.identity)), ())


def told_by(event: EventBase, shown: Impression | Receipt) -> str:
    """How a fact names its event: see `caused_by`."""
    return short(caused_by(event, shown))


def caused_by(event: EventBase, shown: Impression | Receipt) -> str:
    """How an event is named beside a prompt: ids are good for one session, and it may be another's.

    That may be the one in which the prompt's visitor goes on, or whoever tells of an order.
    """
    return event.event_id if event.session_id == shown.session_id else event.identity


def outcomes(
    impressions: Iterable[Impression], event: Event, brought: Receipt | InvalidReceipt | None
) -> Iterator[Outcome]:
    """The stages that this event brought to prompts; `brought` is the receipt that it has."""
    for impression in impressions:
        told = told_by(event, impression)
        for reached in impression.reached:
            if reached.event_id == told:
                receipt, named = impression.receipt, reached.item_id is not None
                yield Outcome(
                    prompt_id=receipt.prompt_id,
                    session_id=receipt.session_id,
                    stage=reached.stage,
                    arm=receipt.arm,
                    context=receipt.context,
                    propensity=receipt.propensity,
                    reward=reached.reward,
                    item_id=reached.item_id,
                    quantity=reached.quantity if named else None,
                    order_id=reached.order_id,
                    value_minor=reached.value_minor,
                    currency=reached.currency if reached.value_minor is not None else None,
                    caused_by=caused_by(event, impression),
                    occurred_at_ms=reached.at_ms,
                    prompted_at_ms=receipt.prompted_at_ms,
                    **_drawn_from(brought) if reached.stage == "shown" else {},
                )


def _drawn_from(receipt: Receipt | InvalidReceipt | None) -> dict[str, dict[str, float]]:
    """The probabilities and expectations of all arms on offer, where the receipt tells them."""
    if not isinstance(receipt, Receipt) or not receipt.arms:
        return {}
    return {
        "propensities": dict(zip(receipt.arms, receipt.propensities, strict=True)),
        "estimates": dict(zip(receipt.arms, receipt.estimates, strict=True)),
    }
