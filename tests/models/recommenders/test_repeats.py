"""Buy again: what this shopper buys, of what people do buy again."""

from models import Repeats
from models.decay.forward import HALF_LIFE_MIN_S

MONDAY = 1_767_225_600
DAY_S = 86_400


def learned(*purchases: tuple[str, str, int]) -> Repeats:
    """Repeats after these purchases (shopper, item, day)."""
    repeats = Repeats()
    for shopper, item, day in purchases:
        repeats.learn_one((shopper,), item, time_s=MONDAY + day * DAY_S)
    return repeats


def offered(repeats: Repeats, shopper: str) -> list[str]:
    """What this shopper would be offered."""
    return [found.item for found in repeats.recommend((shopper,), 10)]


def test_what_is_bought_most_comes_first() -> None:
    """Coffee twice, bread once."""
    repeats = learned(("ada", "bread", 0), ("ada", "coffee", 0), ("ada", "coffee", 7))

    assert ["coffee", "bread"] == offered(repeats, "ada")


def test_shoppers_do_not_mix() -> None:
    """Nobody is offered what only another one bought."""
    repeats = learned(("ada", "bread", 0), ("bob", "beer", 0))

    assert ["bread"] == offered(repeats, "ada")
    assert ["beer"] == offered(repeats, "bob")
    assert [] == offered(repeats, "eve")


def test_old_habits_fade() -> None:
    """Twice a year ago is less than once today."""
    repeats = learned(("ada", "bread", 0), ("ada", "bread", 1), ("ada", "coffee", 365))

    assert ["coffee", "bread"] == offered(repeats, "ada")


def test_what_nobody_buys_twice_is_offered_last() -> None:
    """Eve has bought one toaster and one milk; others show which of them is bought again."""
    others = [
        purchase
        for n in range(30)
        for purchase in ((f"s{n}", "toaster", 0), (f"s{n}", "milk", 0), (f"s{n}", "milk", 7))
    ]
    repeats = learned(*others, ("eve", "toaster", 8), ("eve", "milk", 8))

    assert ["milk", "toaster"] == offered(repeats, "eve")


def test_the_evidence_is_the_shoppers_own() -> None:
    """Two of three purchases, whatever others do."""
    repeats = learned(("ada", "tea", 0), ("ada", "tea", 1), ("ada", "jam", 2), ("bob", "tea", 3))
    best = repeats.recommend(("ada",), 1)[0]

    assert ("tea", 2, 3, "") == (best.item, best.together, best.of, best.anchor)


def test_the_share_of_what_everybody_buys_counts_every_purchase_that_stands() -> None:
    """Taken back it is less; of what nobody bought it is nothing."""
    repeats = Repeats()
    assert 0.0 == repeats.bought_share("milk")
    for shopper, item in (("ada", "milk"), ("bob", "milk"), ("bob", "milk"), ("bob", "soap")):
        repeats.learn_one((shopper,), item, time_s=MONDAY)
    assert 0.75 == repeats.bought_share("milk")
    repeats.unlearn_one(("bob",), "milk", time_s=MONDAY)

    assert 2 / 3 == repeats.bought_share("milk")
    assert 0.0 == repeats.bought_share("tea")


def test_what_was_bought_lately_is_known() -> None:
    """So that a guard can keep it from being offered again so soon."""
    repeats = learned(("ada", "bread", 0), ("ada", "coffee", 5))

    assert {"coffee"} == repeats.bought_since("ada", MONDAY + 5 * DAY_S)
    assert {"bread", "coffee"} == repeats.bought_since("ada", MONDAY)
    assert set() == repeats.bought_since("eve", MONDAY)


def test_a_late_purchase_does_not_turn_back_the_clock() -> None:
    """An older event that arrives later adds to the count, but is not the last purchase."""
    repeats = learned(("ada", "coffee", 9), ("ada", "coffee", 2))

    assert {"coffee"} == repeats.bought_since("ada", MONDAY + 9 * DAY_S)


def test_whoever_bought_longest_ago_is_forgotten_first() -> None:
    """By time, and by id at the same time."""
    repeats = Repeats(shoppers_max=3)
    for day, shopper in enumerate(["ada", "bob", "eve"]):
        repeats.learn_one((shopper,), "tea", time_s=MONDAY + day * DAY_S)
    repeats.learn_one(("ada",), "tea", time_s=MONDAY + 7 * DAY_S)
    repeats.learn_one(("zoe",), "tea", time_s=MONDAY + 8 * DAY_S)

    assert [["tea"], [], ["tea"], ["tea"]] == [
        offered(repeats, name) for name in ("ada", "bob", "eve", "zoe")
    ]


def test_a_shopper_with_many_items_keeps_the_weightiest() -> None:
    """What is bought again and again outlasts a hundred trials."""
    repeats = Repeats(items_per_shopper_max=10)
    for n in range(100):
        repeats.learn_one(("ada",), "coffee", time_s=MONDAY + n * DAY_S)
        repeats.learn_one(("ada",), f"once-{n}", time_s=MONDAY + n * DAY_S)

    assert "coffee" == offered(repeats, "ada")[0]
    assert len(repeats.recommend(("ada",), 100)) <= 10


def test_without_a_shopper_nothing_is_learned() -> None:
    """Nobody is nobody."""
    repeats = Repeats()
    repeats.learn_one((), "tea", time_s=MONDAY)

    assert Repeats().state() == repeats.state() | {"latest_s": 0}


def test_a_purchase_in_the_second_of_its_expiry_has_expired_whichever_came_first() -> None:
    """Half a second past midnight counts as midnight, as it does when days are compared."""
    bought, later_s = 1_767_225_600.5, 1_767_225_600.0 + 390 * 86_400
    one, other = Repeats(), Repeats()
    one.learn_one(("ann",), "bread", time_s=bought)
    one.learn_one((), "bread", time_s=later_s)
    other.learn_one((), "bread", time_s=later_s)
    other.learn_one(("ann",), "bread", time_s=bought)

    assert one.to_bytes() == other.to_bytes()


def test_the_shortest_half_life_is_restored() -> None:
    """Weights grow by a bit each half-life, so by 2026 they have a hundred thousand of them."""
    repeats, again = Repeats(half_life_s=HALF_LIFE_MIN_S), Repeats(half_life_s=HALF_LIFE_MIN_S)
    for day in range(3):
        repeats.learn_one(("ann",), "bread", time_s=MONDAY + DAY_S * day)
    again.restore(repeats.state())

    assert repeats.state() == again.state()
