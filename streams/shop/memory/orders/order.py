"""An order that was counted: what was bought, what that taught, whom it credits, what came back."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.snapshot.elements import each
from streams.contract.events import OrderLine, OrderPlaced
from streams.contract.receipts import YEAR_2100_MS
from streams.shop.memory.orders.impression import AMOUNT_MAX, Impression
from streams.shop.memory.orders.reward.untold import Counts, Untold, counts_of
from streams.shop.memory.taught import Lesson

ALL_OF_IT = 1 << 40
"""More than any order has of anything: it all came back."""
EVERYTHING = ""
"""Stands for each item of an order, where a return names none."""
Back = Mapping[str, int]
"""How many came back, by item."""
FindImpression = Callable[[str], Impression | None]
"""By prompt."""


@dataclass(slots=True)
class BoughtLine:
    """What was bought of one item, all its lines together."""

    quantity: int
    value_minor: int | None
    """What those of them cost that have a price; None: none has."""
    back: int = 0
    """How many came back, as the order's own partition tells,"""
    away: int = 0
    """and as others tell: which of them came first, nobody can say."""
    margin_minor: int | None = None
    """What those earn that the order told it of, where net reward is asked for; None: of none."""
    untold: Counts | None = None
    """How many have no price, or no margin, where others have one and net reward is asked for."""

    @property
    def stands(self) -> bool:
        """Whether anything of it was kept."""
        return self.back + self.away < self.quantity

    @property
    def came_back(self) -> tuple[int, ...]:
        """As it is kept: what was told elsewhere, where anything was."""
        return (self.back, self.away) if self.away else (self.back,)

    def kept(self, *, whole: bool) -> tuple[int | Counts | None, ...]:
        """What came back, if the whole is asked for; and what it earns, where that is told."""
        back = self.came_back if whole else (0,)
        if self.margin_minor is None and self.untold is None:
            return back
        earns = (*back, *(0,) * (2 - len(back)), self.margin_minor)
        return earns if self.untold is None else (*earns, self.untold)

    @classmethod
    def from_state(cls, quantity: int, value_minor: int | None, *kept: Any) -> "BoughtLine":
        """The line that was kept so; raises `TypeError` or `ValueError` when it is none."""
        each(int, [quantity], 1)
        each(int, [0 if value_minor is None else value_minor, *kept[:2]], 0, AMOUNT_MAX)
        back, margin, untold = kept[:2], kept[2:3], kept[3:]
        if untold:
            untold = (counts_of(untold[0], quantity, AMOUNT_MAX), *untold[1:])
        if not untold or margin != (None,):
            each(int, margin, -AMOUNT_MAX, AMOUNT_MAX)
        return cls(quantity, value_minor, *back, *margin, *untold)

    def value_of(self, quantity: int) -> int | None:
        """The part of its value, in minor units, that so many of it have."""
        return None if self.value_minor is None else self.value_minor * quantity // self.quantity


@dataclass(slots=True)
class Order:
    """An order that was counted, and what follows from it."""

    order_id: str
    session_id: str
    at_ms: int
    shopper_id: str | None
    currency: str | None
    lines: dict[str, BoughtLine]
    lessons: tuple[Lesson, ...] = ()
    """What it taught beyond what the basket had: its own items, each beside the others."""
    credited: dict[str, Impression] = field(default_factory=dict)
    """The impressions that sold some of it, by prompt."""
    told_for: str | None = None
    """The session whose unit has it: the first that told it and was on a side by then."""
    told_back: dict[str, int] = field(default_factory=dict)
    """What came back as its own partition told it, however much."""
    supposed: bool = False
    """Whether its event did not say consent, so that it is the shopper's by the setting alone."""

    @classmethod
    def of(cls, event: OrderPlaced, shopper_id: str | None, *, margins: bool = False) -> "Order":
        """What an event says, before it has taught anything; of its margins if they are asked."""
        lines: dict[str, BoughtLine] = {}
        for line in event.lines:
            told = _times(line.price_minor, line)
            margin = _times(line.margin_minor, line) if margins else None
            before = lines.get(line.item_id)
            if before is None:
                lines[line.item_id] = BoughtLine(line.quantity, told, margin_minor=margin)
                continue
            if margins:
                before.untold = _untold(before, line)
            before.quantity += line.quantity
            before.value_minor = _sum(before.value_minor, told)
            before.margin_minor = _sum(before.margin_minor, margin)
        at_ms, currency = event.occurred_at_ms, event.currency
        order = cls(event.order_id, event.session_id, at_ms, shopper_id, currency, lines)
        order.supposed = event.consent is None
        return order

    @property
    def _who(self) -> str | list[str] | None:
        """Its shopper, as it is kept: in brackets, where that is supposed."""
        return [self.shopper_id] if self.supposed and self.shopper_id else self.shopper_id

    @property
    def size(self) -> int:
        """In lines: what was bought, and what is said to have come back."""
        return len(self.lines) + len(self.told_back)

    @property
    def time_s(self) -> float:
        """When it was placed, in seconds since 1970."""
        return self.at_ms / 1000

    def give_back(self, back: Back, *, away: bool) -> dict[str, int]:
        """Note what came back, on another partition or on its own; how many of each item.

        Each side by itself takes back at most what was bought: so neither depends on the other.
        """
        gone = {}
        everything, side = back.get(EVERYTHING, 0), "away" if away else "back"
        for item_id, line in self.lines.items():
            before = line.away if away else line.back
            more = min(line.quantity - before, back.get(item_id, 0) + everything)
            if more > 0:
                setattr(line, side, before + more)
                gone[item_id] = more
        return gone

    def unlearned(self, gone: Iterable[str]) -> Iterator[Lesson]:
        """The lessons that no longer hold when these items, which stood, were not bought.

        A pair holds while both of its items stand; that a basket began, while any lesson does.
        """
        stand = {item for item, line in self.lines.items() if line.stands} | {*gone}
        for item_id in gone:
            stand.discard(item_id)
            taught = [lesson for lesson in self.lessons if lesson.item_id in stand]
            for lesson in self.lessons:
                if lesson.item_id == item_id:
                    others = [o for o in lesson.others if o not in self.lines or o in stand]
                    ends = any(one.begins for one in self.lessons) and not taught
                    yield lesson._replace(others=others, begins=ends)
            for lesson in taught:
                if item_id in lesson.others:
                    yield Lesson(lesson.item_id, [item_id], first=False, begins=False)

    def state(self, *, whole: bool = True) -> list[Any]:
        """Everything, as JSON; else what the events of its partition alone have told."""
        present = list(dict.fromkeys(o for lesson in self.lessons for o in lesson.others))
        places = {item: place for place, item in enumerate(present)}
        return [
            self.order_id,
            self.session_id,
            self.at_ms,
            self._who if whole else None,
            self.currency,
            [
                [item, line.quantity, line.value_minor, *line.kept(whole=whole)]
                for item, line in self.lines.items()
            ],
            present,
            [lesson.state(places) for lesson in self.lessons],
            [one.state() for one in self.credited.values()] if whole else sorted(self.credited),
            self.told_for,
            list(self.told_back.items()),
        ]

    @classmethod
    def from_state(cls, state: list[Any], find: FindImpression) -> "Order":
        """The order whose `state()` this is; impressions that are still remembered are those.

        Raises `TypeError` or `ValueError` when it is none.
        """
        order_id, session_id, at_ms, who, currency, lines, present, lessons, sold, *told = state
        (shopper_id,) = who if isinstance(who, list) else (who,)
        names = [order_id, session_id, *present]
        each(str, names + [name for name in (shopper_id, currency) if name is not None])
        each(int, [at_ms], 0, YEAR_2100_MS)
        order = cls(order_id, session_id, at_ms, shopper_id, currency, {})
        order.supposed = isinstance(who, list)
        for item, *said in lines:
            order.lines[each(str, [item])[0]] = BoughtLine.from_state(*said)
        order.told_for, back = told or (session_id, [])
        order.told_back = dict(back)
        each(str, [*order.told_back, order.told_for or ""])
        each(int, order.told_back.values(), 1, ALL_OF_IT)
        order.lessons = tuple(Lesson.from_state(present, *said) for said in lessons)
        for one in map(Impression.from_state, sold):
            prompt_id = one.receipt.prompt_id
            order.credited[prompt_id] = find(prompt_id) or one
        return order


def _times(each_minor: int | None, line: OrderLine) -> int | None:
    return None if each_minor is None else each_minor * line.quantity


def _sum(before: int | None, more: int | None) -> int | None:
    """Of both amounts what is known."""
    return before if more is None else (before or 0) + more


def _untold(before: BoughtLine, line: OrderLine) -> Counts | None:
    """What is not told of the lines before and one more; None: their sums tell it."""
    sums = before.quantity, before.value_minor, before.margin_minor
    known = Untold.of_sums(*sums) if before.untold is None else Untold(*before.untold)
    both, quantity = known.more(Untold.of_line(line)), before.quantity + line.quantity
    if {both.unpriced, both.open} <= {0, quantity}:
        return None
    return (*both,)


def add_back(told: dict[str, int], back: Back) -> None:
    """Add what came back to what was told by then."""
    for item_id, quantity in back.items():
        told[item_id] = min(ALL_OF_IT, told.get(item_id, 0) + quantity)


def returned_lines(lines: Iterable[OrderLine] | None) -> dict[str, int]:
    """How many came back by item, lines summed; without lines it is all of the order.

    >>> returned_lines([OrderLine(item_id="jam"), OrderLine(item_id="jam", quantity=2)])
    {'jam': 3}
    >>> returned_lines(None)[EVERYTHING] == ALL_OF_IT
    True
    """
    back: dict[str, int] = {}
    for line in lines or ():
        back[line.item_id] = back.get(line.item_id, 0) + line.quantity
    return back or {EVERYTHING: ALL_OF_IT}
