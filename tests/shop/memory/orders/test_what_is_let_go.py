"""What a session weighs, added up by hand; and what it lets go, one thing after the other."""

import sys
from random import Random
from typing import Any

from streams.shop.memory.orders.baskets.moments import LOST
from streams.shop.memory.orders.baskets.taken import Taken
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.reward.reached import Reached
from streams.shop.memory.orders.weight import (
    BOUGHT_BYTES,
    BYTES_MAX,
    CHANGED_BYTES,
    DICT_BYTES,
    EMPTY_BYTES,
    ID_BYTES,
    LARGE_BYTES,
    LARGE_NUMBER_BYTES,
    ORDER_BYTES,
    ROOM_BYTES,
    SEEN_BYTES,
    SMALL_MAX,
    TAKEN_BYTES,
    WEIGHED_EVERY,
    lighten,
    weight,
)
from streams.shop.memory.session import Session
from tests.shop.memory.orders.test_earnings import RECEIPT
from tests.stories import NOON_MS

SESSIONS = 150


def impression(number: int, chance: Random) -> Impression:
    """A prompt of some time, that reached more or fewer stages."""
    receipt = RECEIPT._replace(
        prompt_id=f"p{number}", prompted_at_ms=NOON_MS + chance.randrange(3), expires_at_ms=None
    )
    stages = [Reached("added", f"e{n}", NOON_MS, 0.0, "jam") for n in range(chance.randrange(9))]
    return Impression(receipt, [Reached("shown", "e0", NOON_MS), *stages])


def some_session(chance: Random) -> Session:
    """One that has more or less of everything."""

    def some(kind: str, most: int) -> list[str]:
        return [f"{kind}-{number}" for number in range(chance.randint(0, most))]

    session = Session("s1", NOON_MS, NOON_MS)
    for number, name in enumerate(some("event", 64)):
        session.seen.note(name, number, at_ms=NOON_MS)
    large = (1, SMALL_MAX, SMALL_MAX + 1, 1_000)
    session.basket = {item: chance.choice(large) for item in some("item", 90)}
    present: list[str] = []
    for item in some("taught", 70):
        session.taught.lesson(item, present)
        if chance.random() < 0.9:
            present.append(item)
    session.looked = dict.fromkeys(some("looked", 80)) if chance.random() < 0.9 else None
    session.taken = {item: Taken(NOON_MS, 0) for item in some("taken", chance.choice((2, 24)))}
    session.bought = dict.fromkeys(some("bought", chance.choice((2, 32))), NOON_MS)
    session.orders = dict.fromkeys(some("order", chance.choice((2, 16))), "e1")
    shown = [impression(number, chance) for number in range(chance.randint(0, 7))]
    session.impressions = {one.receipt.prompt_id: one for one in shown}
    return session


def dict_bytes(entries: int) -> int:
    """Of so many entries and the four that may come; nothing comes where there is none."""
    most = min(entries + WEIGHED_EVERY if entries else 0, DICT_BYTES[-1][0])
    return next(size for room, size in DICT_BYTES if most <= room)


def apart(session: Session) -> int:
    """How many pairs of its basket have stood apart, and not met yet."""
    return len(session.taught.state()[1] or ())


def told(session: Session) -> int:
    """The bytes of its impressions."""
    return sum(one.kept_bytes for one in session.impressions.values())


def by_hand(session: Session) -> int:
    """What it weighs."""
    large = [quantity for quantity in session.basket.values() if quantity > SMALL_MAX]
    return sum(
        (
            EMPTY_BYTES,
            0 if session.moments.changed is LOST else CHANGED_BYTES,
            SEEN_BYTES * len(session.seen),
            dict_bytes(2 * len(session.basket)),
            LARGE_NUMBER_BYTES * len(large),
            dict_bytes(len(session.taught)),
            dict_bytes(0 if session.looked is None else len(session.looked)),
            TAKEN_BYTES * len(session.taken),
            BOUGHT_BYTES * len(session.bought),
            ORDER_BYTES * len(session.orders),
            told(session),
        )
    )


def kept(session: Session) -> dict[str, Any]:
    """What may be let go, oldest first."""
    return {
        "changed": session.moments.changed,
        "apart": apart(session),
        "looked": None if session.looked is None else list(session.looked),
        "taken": list(session.taken),
        "taught": len(session.taught),
        "bought": list(session.bought),
        "impressions": list(session.impressions),
        "orders": list(session.orders),
        "forgotten": session.forgotten,
        "basket": dict(session.basket),
        "seen": len(session.seen),
    }


class Letting:
    """Lets go one thing at a time, until it is enough."""

    def __init__(self, session: Session) -> None:
        self.over = by_hand(session) + ROOM_BYTES - BYTES_MAX
        self.kept = kept(session)
        self.shown = dict(session.impressions)

    def everything(self) -> dict[str, Any]:
        """In the order in which it goes."""
        if self.over > 0:
            self.over -= CHANGED_BYTES
            self.kept["changed"] = LOST
        if self.over > 0 and self.kept["looked"] is not None:
            self.over -= dict_bytes(len(self.kept["looked"]))
            self.kept["looked"] = None
        self.oldest("taken", TAKEN_BYTES)
        if self.over > 0:
            self.over -= dict_bytes(self.kept["taught"]) - dict_bytes(0)
            self.kept["taught"] = self.kept["apart"] = 0
        self.oldest("bought", BOUGHT_BYTES)
        self.prompts(2)
        self.oldest("orders", ORDER_BYTES)
        self.prompts(1)
        return self.kept

    def oldest(self, kind: str, each_bytes: int) -> None:
        """All but the last one may go."""
        while self.over > 0 and len(self.kept[kind]) > 1:
            del self.kept[kind][0]
            self.over -= each_bytes

    def prompts(self, number: int) -> None:
        """All but so many of them may go, and what goes is known to have been there."""
        while self.over > 0 and len(self.shown) > number:
            first = min(self.shown.values(), key=lambda one: one.prompted)
            gone = first.receipt.prompt_id
            self.over -= self.shown.pop(gone).kept_bytes
            self.kept["impressions"].remove(gone)
            self.kept["forgotten"] = max(self.kept["forgotten"], first.prompted)


def test_a_session_weighs_what_all_that_it_has_weighs() -> None:
    """Whatever it has of what."""
    chance = Random(12)
    for _ in range(SESSIONS):
        session = some_session(chance)

        assert by_hand(session) == weight(session)


def test_what_is_too_much_goes_in_the_order_that_is_told_and_no_more_than_that() -> None:
    """When its basket was changed first, the last but one impression last; basket and ids never."""
    chance, seen = Random(7), set[str]()
    for _ in range(SESSIONS):
        session = some_session(chance)
        before, expected = kept(session), Letting(session).everything()
        lighten(session)

        assert expected == kept(session)
        seen |= {kind for kind, what in before.items() if what != expected[kind]}
    assert {*before} - {"basket", "seen"} == seen


def test_a_basket_that_has_ended_to_teach_frees_nothing_by_ending_once_more() -> None:
    """An empty dictionary stays: what is still too much goes elsewhere."""
    for number in range(10):
        session = Session("s1", NOON_MS, NOON_MS, looked=None)
        session.taught.end()
        session.bought = dict.fromkeys(map(str, range(70)), NOON_MS)
        for place in range(number):
            session.seen.note(f"e{place}", place, NOON_MS)
        assert weight(session) > BYTES_MAX - ROOM_BYTES
        lighten(session)

        assert BYTES_MAX - ROOM_BYTES - BOUGHT_BYTES < weight(session) <= BYTES_MAX - ROOM_BYTES


def test_orders_of_long_ids_weigh_as_much_more_as_their_ids_are_longer() -> None:
    """Both the number of an order and the id of the event that told it; "s1" is two bytes."""
    session = Session("s1", NOON_MS, NOON_MS)
    session.orders = {"o" * ID_BYTES: "e" * ID_BYTES}
    usual = weight(session)
    session.orders = {"o" * 3 * ID_BYTES: "e" * 5 * ID_BYTES}

    assert usual + len("s1") + (2 + 4 - 1) * ID_BYTES == weight(session)


def heavy(stages: int) -> Session:
    """A full basket, and beside it a single prompt that reached so many stages."""
    session = Session("s1", NOON_MS, NOON_MS)
    session.basket = {f"item-{number}": 1 for number in range(90)}
    for number in range(64):
        session.seen.note(f"{number}" * 40, number, NOON_MS)
    reached = [Reached("added", f"e{n}", NOON_MS, 0.0, "jam") for n in range(stages)]
    shown = Impression(
        RECEIPT._replace(expires_at_ms=None), [Reached("shown", "e0", NOON_MS), *reached]
    )
    session.impressions = {RECEIPT.prompt_id: shown}
    return session


def test_the_last_impression_goes_if_it_is_a_large_one() -> None:
    """Its receipt is refused from then on; a small one stays, though it is too much."""
    for stages in (1, 60):
        session = heavy(stages)
        (shown,) = session.impressions.values()
        large = shown.kept_bytes > LARGE_BYTES
        assert weight(session) > BYTES_MAX - ROOM_BYTES
        lighten(session)

        assert (stages == 60) == large
        assert large == (session.impressions == {})
        assert large == (session.forgotten == shown.prompted)


def test_a_basket_that_was_full_takes_no_room_for_what_was_taken_out() -> None:
    """A dictionary keeps the room of its largest time, as long as it is the same one."""
    session = heavy(60)
    for item in [*session.basket][3:]:
        del session.basket[item]
    session.looked = {f"item-{number}": None for number in range(80)}
    room, left = sys.getsizeof(session.basket), dict(session.basket)
    lighten(session)

    assert left == session.basket
    assert sys.getsizeof(dict([*left.items()])) == sys.getsizeof(session.basket) < room
