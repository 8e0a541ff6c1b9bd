"""A session: what one visitor sees, has in the basket and was prompted with, folded from events.

```
t1 view bread     viewed [bread]           basket {}
t2 add bread      viewed [bread]           basket {bread: 1}
t3 add butter     viewed [bread]           basket {bread: 1, butter: 1}
t4 remove bread   viewed [bread]           basket {butter: 1}
t5 order          viewed [bread]           basket {}              bought {butter}
   … a pause longer than session_gap_s …
t6 view jam       viewed [jam]             basket {}              bought {}
```

A session's events are all on one partition, so each worker folds them in the same order. What a
session remembers is bounded, and so is the number of sessions of a partition: the one that was
idle longest leaves first, in the order of the log, which is the same for every worker.

A prompt makes one impression in its whole life. A session keeps when the newest impression that it
forgot was prompted, and so does a partition for its sessions: what was prompted before, and is not
remembered, may have been counted, and is not counted again.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Self

from models.snapshot.elements import each
from streams.contract.events import Event, ItemAdded, ItemRemoved, ItemViewed, OrderPlaced
from streams.contract.receipts import YEAR_2100_MS, Receipt
from streams.shop.memory.impression import Impression, Prompted, prompted_of
from streams.shop.memory.taught import TAUGHT_MAX, Taught

VIEWED_MAX = 20
PATH_MAX = 20
BASKET_MAX = 500
BOUGHT_MAX = 500
SEEN_MAX = 256
IMPRESSIONS_MAX = 32
NEVER: Prompted = (0, "")
"""Before all prompts."""
VERSION = 3
"""Of a session's state; 1, without what it taught, and 2, without what it forgot, are read, too."""


@dataclass(slots=True)
class Session:
    """One visit. `basket` maps an item to its quantity, in the order in which they were added."""

    session_id: str
    started_ms: int
    last_ms: int
    shopper_id: str | None = None
    basket: dict[str, int] = field(default_factory=dict)
    viewed: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    bought: dict[str, None] = field(default_factory=dict)
    in_checkout: bool = False
    shown: int = 0
    last_shown_ms: int = 0
    dismissals: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    impressions: dict[str, Impression] = field(default_factory=dict)
    taught: Taught = field(default_factory=Taught)
    looked: dict[str, None] = field(default_factory=dict)
    forgotten: Prompted = NEVER
    """The newest of the impressions that are forgotten."""
    refused: set[str] = field(default_factory=set)
    """Events, among those seen, whose prompts may have been forgotten."""
    unread: set[str] = field(default_factory=set)
    """Events, among those seen, whose receipts are sealed with a key that is not here."""
    read_late: dict[str, int] = field(default_factory=dict)
    """At which offset such a receipt was read after all; for the answer, no part of the state."""

    def note(self, event: Event, offset: int, *, late: bool) -> None:
        """Remember that this event was seen, at which offset, and whether it came too late."""
        self.seen[event.event_id] = offset
        if late:
            self.late.add(event.event_id)
        if len(self.seen) > SEEN_MAX:
            oldest = next(iter(self.seen))
            del self.seen[oldest]
            self.read_late.pop(oldest, None)
            for noted in (self.late, self.refused, self.unread):
                noted.discard(oldest)
        self.last_ms = max(self.last_ms, event.occurred_at_ms)
        if event.consent and event.shopper_id is not None:
            self.shopper_id = event.shopper_id
        elif not event.consent:
            self.shopper_id = None

    def looks_first(self, item_id: str) -> bool:
        """Whether a look at this item teaches: only the first one of a visit does.

        A visit that has looked at `TAUGHT_MAX` items teaches nothing by looking at others.
        """
        return item_id not in self.looked and len(self.looked) < TAUGHT_MAX

    def view(self, event: ItemViewed) -> None:
        """The item becomes the latest of those viewed."""
        item_id, viewed = event.item_id, self.viewed
        if len(self.looked) < TAUGHT_MAX:
            self.looked[item_id] = None
        if item_id in viewed:
            viewed.remove(item_id)
        viewed.append(item_id)
        if len(viewed) > VIEWED_MAX:
            del viewed[:-VIEWED_MAX]

    def add(self, event: ItemAdded) -> None:
        """More of the item is in the basket; a full basket takes no further kinds of items."""
        if event.item_id in self.basket or len(self.basket) < BASKET_MAX:
            self.basket[event.item_id] = self.basket.get(event.item_id, 0) + event.quantity
        self.in_checkout = False

    def step(self, item_id: str) -> None:
        """The latest item that was looked at or taken, where somebody learns from paths."""
        self.path.append(item_id)
        del self.path[:-PATH_MAX]

    def remove(self, event: ItemRemoved) -> None:
        """Less of the item is in the basket, never less than none."""
        left = self.basket.get(event.item_id, 0) - event.quantity
        if left > 0:
            self.basket[event.item_id] = left
        else:
            self.basket.pop(event.item_id, None)
        self.in_checkout = False

    def order(self, event: OrderPlaced) -> None:
        """What was ordered is bought, and the basket is empty."""
        self.bought.update((line.item_id, None) for line in event.lines)
        while len(self.bought) > BOUGHT_MAX:
            del self.bought[next(iter(self.bought))]
        self.basket.clear()
        self.in_checkout = False

    def after_pause(self, event: Event) -> Self:
        """The next visit, which this event begins.

        What was seen and shown outlives the pause, so that a repeated event still changes nothing
        and late feedback still counts. So does what was taught, unless the visit ended with an
        order: one that comes after the pause is of this basket.
        """
        ended = bool(self.bought) and not self.basket
        return type(self)(
            self.session_id,
            event.occurred_at_ms,
            event.occurred_at_ms,
            seen=self.seen,
            late=self.late,
            impressions=self.impressions,
            taught=Taught() if ended else self.taught,
            forgotten=self.forgotten,
            refused=self.refused,
            unread=self.unread,
        )

    def remember(self, impression: Impression) -> None:
        """A prompt was shown; of too many, the one that was prompted first is forgotten."""
        if len(self.impressions) >= IMPRESSIONS_MAX:
            first = min(self.impressions.values(), key=lambda one: one.prompted)
            del self.impressions[first.receipt.prompt_id]
            self.forgotten = max(self.forgotten, first.prompted)
        self.impressions[impression.receipt.prompt_id] = impression
        self.shown += 1
        self.last_shown_ms = max(self.last_shown_ms, impression.shown_ms)

    def may_have_forgotten(self, receipt: Receipt) -> bool:
        """Whether this prompt may have been shown here, and is not remembered."""
        prompted = receipt.prompted_at_ms, receipt.prompt_id
        return prompted <= self.forgotten and receipt.prompt_id not in self.impressions

    @property
    def newest(self) -> Prompted:
        """The newest of its impressions, remembered or forgotten."""
        return max(self.forgotten, *(one.prompted for one in self.impressions.values()), NEVER)

    def state(self) -> list[Any]:
        """Everything, as JSON."""
        return [
            self.session_id,
            self.started_ms,
            self.last_ms,
            self.shopper_id,
            list(self.basket.items()),
            list(self.viewed),
            list(self.path),
            list(self.bought),
            self.in_checkout,
            [self.shown, self.last_shown_ms, self.dismissals],
            list(self.seen.items()),
            sorted(self.late),
            [impression.state() for impression in self.impressions.values()],
            VERSION,
            self.taught.state(),
            list(self.looked),
            list(self.forgotten),
            sorted(self.refused),
            sorted(self.unread),
        ]

    @classmethod
    def from_state(cls, state: list[Any]) -> Self:
        """The session whose `state()` this is, or what JSON made of it.

        One of version 1 is taken to have taught what it holds. Raises `ValueError` for a later one,
        and this or `TypeError` for what is none: restored, it would stop each worker in turn.
        """
        who, started_ms, last_ms, shopper_id, basket, viewed, *more = state
        path, bought, paying, said, seen, late, impressions, *later = more
        version, lessons, looked, *last = later or (2, [[*dict(basket), *bought], []], viewed)
        if version not in (2, VERSION) or bool(last) != (version == VERSION):
            raise ValueError(f"a session of version {version!r}, where {VERSION} is the latest")
        shown, last_shown_ms, dismissals = each(int, said, 0)
        each(str, [who] if shopper_id is None else [who, shopper_id])
        each(int, [started_ms, last_ms, last_shown_ms], 0, YEAR_2100_MS)
        (paying,), basket, seen = each(bool, [paying]), dict(basket), dict(seen)
        each(str, [*basket, *seen])
        each(int, basket.values(), 1)
        each(int, seen.values(), 0)
        remembered = list(map(Impression.from_state, impressions))
        forgotten, refused, unread = last or (_forgotten_of(remembered), (), ())
        return cls(
            who,
            started_ms,
            last_ms,
            shopper_id,
            basket,
            each(str, viewed),
            each(str, path),
            dict.fromkeys(each(str, bought)),
            paying,
            shown,
            last_shown_ms,
            dismissals,
            seen,
            set(each(str, late)),
            {impression.receipt.prompt_id: impression for impression in remembered},
            Taught.from_state(lessons),
            dict.fromkeys(each(str, looked)),
            prompted_of(forgotten),
            set(each(str, refused)),
            set(each(str, unread)),
        )


def _forgotten_of(remembered: list[Impression]) -> Prompted:
    """What a session that did not note it has forgotten: if it is full, all that is older."""
    return min(one.prompted for one in remembered) if len(remembered) >= IMPRESSIONS_MAX else NEVER


class Sessions:
    """The sessions of one partition, and its watermark (the latest event time seen there)."""

    def __init__(self, *, gap_s: float, sessions_max: int) -> None:
        self.gap_ms = gap_s * 1000
        self.sessions_max = sessions_max
        self.watermark_ms = 0
        self.forgotten = NEVER
        """The newest impression of the sessions that are forgotten."""
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def of(self, event: Event) -> Session:
        """The session that an event belongs to: a new one after a pause."""
        self.watermark_ms = max(self.watermark_ms, event.occurred_at_ms)
        session = self._sessions.get(event.session_id)
        if session is None:
            at_ms = event.occurred_at_ms
            session = Session(event.session_id, at_ms, at_ms, forgotten=self.forgotten)
            self._sessions[event.session_id] = session
            if len(self._sessions) > self.sessions_max:
                _, gone = self._sessions.popitem(last=False)
                self.forgotten = max(self.forgotten, gone.newest)
        elif event.occurred_at_ms - session.last_ms > self.gap_ms:
            session = self._sessions[event.session_id] = session.after_pause(event)
        self._sessions.move_to_end(event.session_id)
        return session

    def find(self, session_id: str) -> Session | None:
        """The session of this id, if it is remembered; changes nothing."""
        return self._sessions.get(session_id)

    def __len__(self) -> int:
        return len(self._sessions)

    def state(self) -> list[Any]:
        """Everything, as JSON, in the order of leaving; nothing forgotten goes without saying."""
        states = [session.state() for session in self._sessions.values()]
        said = [] if self.forgotten == NEVER else [list(self.forgotten)]
        return [self.watermark_ms, states, *said]

    def restore(self, state: list[Any]) -> None:
        """Go on from a `state()`; raises `TypeError` or `ValueError` when it is none."""
        watermark_ms, sessions, *later = state
        (self.forgotten,) = map(prompted_of, later or [NEVER])
        (self.watermark_ms,) = each(int, [watermark_ms], 0, YEAR_2100_MS)
        for session in map(Session.from_state, sessions):
            self._sessions[session.session_id] = session
