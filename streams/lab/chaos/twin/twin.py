"""The twin: folds events by the rules of the house, in dictionaries, and forgets nothing.

It is told each partition's events in their order, and the partitions in any. What depends on other
partitions (who has denied, what came back elsewhere) is looked at in the end. It knows the rules of
a shop where consent is not supposed (`consent_default` off), and no bounds but how many prompts a
trail remembers, and how many pairs that have not met: it is for some minutes of traffic.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import partial
from math import inf

from streams.contract.events import (
    BasketUpdated,
    Event,
    ItemAdded,
    ItemRemoved,
    ItemViewed,
    OrderCancelled,
    OrderPlaced,
    OrderReturned,
    OrderTakenBack,
    PromptClicked,
    PromptDismissed,
    PromptShown,
    ShopperForgotten,
)
from streams.contract.settings import Settings
from streams.lab.chaos.twin.credit import Credit
from streams.lab.chaos.twin.ledger import Cell, Ledger
from streams.lab.chaos.twin.order import Back, TwinLesson, TwinOrder, summed
from streams.lab.chaos.twin.session import TwinSession, is_of_somebody
from streams.lab.chaos.twin.told import Sides, Told, came_back, key_of, of_unit
from streams.lab.chaos.twin.visitors import TwinVisitors


class Twin:
    """Everything that follows from the events that it is told; `outcomes` by what tells them apart.

    >>> twin, said = Twin(Settings(receipt_secret="not a secret")), {"session_id": "s1"}
    >>> said["occurred_at_ms"] = 1767225600000
    >>> twin.see(0, ItemAdded(event_id="e1", item_id="jam", quantity=2, **said))
    >>> twin.see(0, ItemRemoved(event_id="e2", item_id="jam", **said))
    >>> twin.ledger().baskets
    {'s1': {'jam': 1}}
    """

    def __init__(
        self, settings: Settings, prompts_max: float = inf, apart_max: float = inf
    ) -> None:
        self.outcomes: dict[tuple[str, ...], Told] = {}
        self._settings, self._gap_ms = settings, 1000 * settings.session_gap_s
        self._sides = Sides(settings)
        self._credit = Credit(settings, self._tell, prompts_max)
        self._visitors = TwinVisitors(settings, apart_max)
        self._orders: dict[tuple[int, str], TwinOrder] = {}
        self._came: dict[str, list[tuple[int, Back]]] = defaultdict(list)
        """What came back, by the order's number, and where that was told."""
        self._denied_s: dict[str, int] = {}
        self._lessons: list[TwinLesson] = []
        """What adds have taught: no return takes it back."""

    def see(self, partition: int, event: Event) -> None:
        """The next event of a partition."""
        visit, at_ms = self._visitors.session(partition, event), event.occurred_at_ms
        if event.event_id in visit.seen:
            return
        visit.seen.add(event.event_id)
        trail = visit.trail
        if not is_of_somebody(event):
            trail.last_ms = max(trail.last_ms, at_ms)
        self._who(partition, visit, event)
        match event:
            case ItemViewed() | ItemAdded():
                self._asks(partition, visit, event)
            case ItemRemoved():
                missing = trail.take(event.item_id, event.quantity, at_ms)
                trail.note_taken(event.item_id, missing, at_ms)
                self._credit.taken_out(trail, event, event.item_id, event.quantity)
            case BasketUpdated():
                self._lessons += trail.set_basket(event, visit.signed_in)
                added = [move.item_id for one in trail.prompts.values() for move in one.added]
                told = summed(event.lines)
                for item_id in dict.fromkeys(added):
                    self._credit.taken_out(trail, event, item_id, left=told.get(item_id, 0))
            case OrderPlaced():
                self._ordered(partition, visit, event)
            case OrderCancelled() | OrderReturned():
                self._came_back(partition, visit, event)
            case PromptShown() | PromptClicked() | PromptDismissed():
                self._credit.feedback(trail, event)

    def _tell(self, told: Told) -> None:
        self.outcomes[key_of(told)] = told

    def _who(self, partition: int, visit: TwinSession, event: Event) -> None:
        """Who is signed in, and who has denied, when last."""
        behind = is_of_somebody(event)
        theirs = visit.denied_by(event)
        denied = self._denies(partition, visit, event)
        if behind and (denied is None or not theirs):  # told of somebody, who need not be there
            if denied is not None and denied == visit.trail.whose:
                visit.trail.closed = True
            return
        if event.consent is True and not behind:
            if visit.sign(event, event.shopper_id, self._gap_ms):
                visit.trail.signed(event, visit.signed_in)
            return
        if event.shopper_id is not None:
            visit.trail.signed(event, None)
        if visit.sign(event, None, self._gap_ms):
            visit.trail.signed(event, None)

    def _denies(self, partition: int, visit: TwinSession, event: Event) -> str | None:
        """Note who denies by an event, if somebody does."""
        if not (event.consent is False or isinstance(event, ShopperForgotten)):
            return None
        if isinstance(event, OrderTakenBack) and event.shopper_id is None:
            return None  # of nobody who is known
        then = None if event.says_who else visit.was_there(event.occurred_at_ms)
        who = event.shopper_id or then
        if who is not None:
            second = event.occurred_at_ms // 1000
            self._denied_s[who] = max(second, self._denied_s.get(who, 0))
            self._visitors.denied(partition, who, event.occurred_at_ms)
        return who

    def _asks(self, partition: int, visit: TwinSession, event: ItemViewed | ItemAdded) -> None:
        trail = visit.trail
        side = None if self._sides.is_history(event) else self._sides.assign(event)
        if visit.side is None and side is not None:
            visit.side, visit.side_ms = side, event.occurred_at_ms
            trail.before = len(trail.orders) if trail.before is None else trail.before
            self._tell(self._sides.assigned(event, side, trail.before))
        if isinstance(event, ItemAdded):
            orders = [self._orders[partition, number] for number in trail.orders]
            own = [order for order in orders if order.event.session_id in trail.names]
            self._credit.added(trail, event, own)
            if (lesson := trail.add(event)) is not None:
                self._lessons.append(lesson)

    def _ordered(self, partition: int, visit: TwinSession, event: OrderPlaced) -> None:
        """An order teaches once on its partition; each that tells it credits its prompts."""
        trail, number = visit.trail, event.order_id
        again = number in visit.told
        visit.told.add(number)
        if number in trail.orders:
            if not again:
                self._counts(visit, event, self._orders[partition, number])
            return
        known = event.consent is True and event.shopper_id is not None
        if (partition, number) not in self._orders:
            order = TwinOrder(event, event.shopper_id if known else None, [])
            together = [*trail.basket]
            for item_id in order.quantities:
                if item_id not in trail.basket:
                    order.lessons.append(trail.lesson(item_id, together))
                    together.append(item_id)
            self._orders[partition, number] = order
            order.back += [back for at, back in self._came[number] if at == partition]
        order = self._orders[partition, number]
        self._credit.ordered(self._visitors.beside(partition, visit), order, event)
        self._credit.returned(event, order)
        self._counts(visit, event, order)
        if not self._is_sided(visit, event) and (told := self._sides.not_asked(event)) is not None:
            self._tell(told)
        trail.orders.add(number)
        trail.order(summed(event.lines), event.occurred_at_ms)

    def _counts(self, visit: TwinSession, event: OrderPlaced, order: TwinOrder) -> None:
        """An order is of the unit of the first session on a side that tells it."""
        if self._is_sided(visit, event) and visit.side and order.told_for is None:
            order.told_for = visit.session_id
            self._tell(self._sides.ordered(event, visit.side))

    def _is_sided(self, visit: TwinSession, event: OrderPlaced) -> bool:
        """Whether a session was on a side by the time of an order; clocks are somewhat wrong."""
        return visit.side is not None and not self._sides.is_of_before(event, visit.side_ms)

    def _came_back(
        self, partition: int, visit: TwinSession, event: OrderCancelled | OrderReturned
    ) -> None:
        """A return is of the order of its number, wherever that was told."""
        back = None if event.lines is None else summed(event.lines)
        order = self._orders.get((partition, event.order_id))
        if visit.side is None or order is None or order.told_for != visit.session_id:
            self._tell(of_unit("unmatched", event, **came_back(event, event.currency)))
        else:
            about = came_back(event, order.event.currency)
            self._tell(of_unit("returned", event, **visit.side, **about))
        self._came[event.order_id].append((partition, back))
        if order is not None:
            order.back.append(back)
            self._credit.returned(event, order)

    # In the end

    def ledger(self) -> Ledger:
        """What is known when all partitions have been told."""
        for (partition, number), order in self._orders.items():
            order.away = [back for at, back in self._came[number] if at != partition]
        items, pairs, begun = self._taught()
        return Ledger(
            {
                visit.session_id: visit.trail.basket
                for visit in self._visitors.sessions.values()
                if visit.holds and visit.trail.basket
            },
            self._purchases(),
            items,
            pairs,
            begun,
            Counter(prompt.receipt.arm for prompt in self._credit.prompts),
            self._earned(),
        )

    def _purchases(self) -> dict[str, Counter[str]]:
        """How many orders kept some of each item; of nobody who has denied since."""
        kept: dict[str, Counter[str]] = defaultdict(Counter)
        for order in self._orders.values():
            who, second = order.buyer, order.event.occurred_at_ms // 1000
            if who is not None and second > self._denied_s.get(who, 0):
                kept[who].update(order.kept)
        return {who: items for who, items in kept.items() if items}

    def _taught(self) -> tuple[Counter[str], Counter[frozenset[str]], int]:
        """What was there, what has met, and how many baskets there were."""
        items, pairs, begun = Counter[str](), Counter[frozenset[str]](), 0
        for lesson in self._lessons:
            items[lesson.item_id] += lesson.first
            pairs.update(lesson.met)
            begun += lesson.begins
        for order in self._orders.values():
            stand = [lesson for lesson in order.lessons if order.stands(lesson.item_id)]
            for lesson in order.lessons:  # an item of which nothing was kept is named as well
                items[lesson.item_id] += lesson.first and lesson in stand
            pairs.update(p for one in order.lessons for p in one.met if all(map(order.stands, p)))
            begun += bool(stand) and any(lesson.begins for lesson in order.lessons)
        return items, pairs, begun

    def _earned(self) -> dict[Cell, float]:
        """What prompts earned in all, returns on other partitions too; by when it was prompted."""
        trials, rewards = defaultdict[Cell, float](float), defaultdict[Cell, float](float)
        prompts, half_life_s = self._credit.prompts, self._settings.arm_half_life_s
        sold: dict[str, dict[str, TwinOrder]] = defaultdict(dict)
        for order in self._orders.values():
            for prompt in order.prompts:
                sold[prompt.receipt.prompt_id][order.event.order_id] = order
        for prompt in prompts:
            receipt, first = prompt.receipt, prompts[0].receipt
            age_s = receipt.prompted_at_ms // 1000 - first.prompted_at_ms // 1000
            cell, weight = (receipt.context, receipt.arm), 2 ** (age_s / half_life_s)
            trials[cell] += weight
            back = partial(_all_gone, sold[receipt.prompt_id])
            rewards[cell] += weight * prompt.earned(self._settings, back)
        return {cell: rewards[cell] / trials[cell] for cell in trials}


def _all_gone(orders: Mapping[str, TwinOrder], number: str, item_id: str) -> int:
    """How many of an order's item came back, wherever that was told."""
    return orders[number].all_gone(item_id)
