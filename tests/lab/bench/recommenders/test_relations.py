"""Substitutes in baskets that are made so: known by category, and kept out of what is offered."""

from streams.lab.bench.recommenders.relations import (
    LEVELS,
    TIMES_MIN,
    offer_figures,
    taught,
    types_of,
    typing_figures,
)
from streams.lab.replay.baskets import Basket, BasketLine
from streams.shop.decision.catalog.substitutes import ROWS_MAX

KINDS = {"cola": "DRINKS/COLA", "coke": "DRINKS/COLA", "water": "DRINKS/WATER", "ham": "MEAT/HAM"}


def basket(number: int, *items: str) -> Basket:
    """What somebody bought, in this order."""
    lines = tuple(BasketLine(item, 1, 100, KINDS[item]) for item in items)
    return Basket(f"basket-{number}", "ann", 1_500_000_000_000 + number, 0, lines)


BOUGHT = [
    *(basket(n, "cola", "ham") for n in range(40)),
    *(basket(n, "coke", "ham") for n in range(40, 80)),
    *(basket(n, "water") for n in range(80, 160)),
    *(basket(n, "cola", "coke", "ham") for n in range(160, 163)),
]


def test_what_the_catalogue_says_of_kinds_decides_what_is_known() -> None:
    """All by the type; water for cola too by the category alone; nothing by nothing."""
    learned, types = taught(BOUGHT), types_of(BOUGHT)
    found = {level: typing_figures(learned, types, level) for level in LEVELS}

    assert {"type": 1, "category": 3, "nothing": 0} == {n: f["said"] for n, f in found.items()}
    assert (1.0, 1.0) == (found["type"]["precision"], found["type"]["recall"])
    assert 1 / 3 == found["category"]["precision"]
    assert found["nothing"]["precision"] is None


def test_each_pair_is_judged_by_what_is_known_of_it_however_many_there_are() -> None:
    """As a decision judges it, which reads of so many items at most: those of a dinner set go."""
    kinds = {f"part-{number:03}": f"SET-{number // 2}/X" for number in range(2 * ROWS_MAX + 4)}
    pairs = [tuple(name for name in kinds if kinds[name] == kind) for kind in set(kinds.values())]
    baskets = [
        Basket(
            f"{n}-{a}",
            "ann",
            1_500_000_000_000 + n,
            0,
            tuple(BasketLine(item, 1, 100, kinds[item]) for item in (a, b)),
        )
        for n, (a, b) in enumerate(pairs * TIMES_MIN)
    ]

    assert 0 == typing_figures(taught(baskets), types_of(baskets), "type")["said"]


def test_what_is_offered_replaces_nothing_where_the_kinds_are_known() -> None:
    """Beside cola there is ham, whatever is known: to know more loses nothing here."""
    learned, types = taught(BOUGHT), types_of(BOUGHT)
    asked = [basket(1, "cola", "ham")]
    knowing, ignorant = (offer_figures(learned, types, n, asked) for n in ("type", "nothing"))

    assert (0.0, 1.0) == (knowing["substitutes_offered"], knowing["hit_rate"])
    assert ignorant["hit_rate"] == 1.0
