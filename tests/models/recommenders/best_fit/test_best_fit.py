"""What fits best: its sources, their limits, and what the ranker makes of them."""

from typing import Any

import numpy as np
import pytest

from models import BestFit, SessionKNN, SnapshotError
from models.recommenders.best_fit.categories.category_index import CATEGORIES_MAX
from models.recommenders.best_fit.explanation import SOURCES
from models.recommenders.session_index.records import ITEM, NEXT_MAX, PAIR, PARTNERS_MAX, VOTES

MONDAY = 1_767_225_600
Basket = tuple[str, ...]


def taught(*baskets: Basket, shopper: str = "", model: BestFit | None = None) -> BestFit:
    """A model that learned these sessions, ranking included."""
    model = model or BestFit()
    for number, basket in enumerate(baskets, start=model._sources.index.begun):
        for place, item in enumerate(basket):
            session = f"session-{number}"
            model.learn_rank(basket[:place], item, session=session, shopper=shopper)
            model.learn_one(basket[:place], item, time_s=MONDAY, session=session, shopper=shopper)
    return model


def names(model: BestFit | SessionKNN, x: Basket, session: str = "") -> list[str]:
    """What is recommended, by name."""
    return [found.item for found in model.recommend(x, 20, exclude=set(x), session=session)]


def test_the_first_event_is_of_use() -> None:
    """What was bought once is popular."""
    (found,) = taught(("bread",)).recommend((), 3)

    assert ("bread", "popular", "", 1, 1) == (
        found.item,
        found.source,
        found.anchor,
        found.together,
        found.of,
    )


def test_a_session_is_not_its_own_neighbour() -> None:
    """A running session finds nothing in itself but popularity."""
    model = taught(("bread", "butter", "jam"))
    found = model.recommend(("bread", "butter", "jam"), 9, session="session-0")

    assert {one.source for one in found} <= {"popular", "session"}
    assert {"knn"} == {one.source for one in model.recommend(("bread", "butter"), 1)}


def test_a_session_knn_session_is_not_its_own_neighbour() -> None:
    """The plain model neither."""
    model = SessionKNN()
    for place, item in enumerate(("bread", "butter")):
        model.learn_one(("bread",)[:place], item, time_s=MONDAY, session="ada's")

    assert [] == names(model, ("bread",), session="ada's")
    assert ["butter"] == names(model, ("bread",), session="bob's")


def test_sessions_that_interleave_are_kept_apart() -> None:
    """Their names tell which is which."""
    model = SessionKNN()
    for x, y, session in (
        ((), "bread", "a"),
        ((), "nails", "b"),
        (("bread",), "butter", "a"),
        (("nails",), "hammer", "b"),
    ):
        model.learn_one(x, y, time_s=MONDAY, session=session)

    assert ["butter"] == names(model, ("bread",))
    assert ["hammer"] == names(model, ("nails",))


def test_a_session_that_was_lost_is_taken_up_from_what_it_held() -> None:
    """After a restart without a snapshot, or when its place in the ring was needed."""
    model = SessionKNN(sessions_max=2)
    for item in ("bread", "jam", "milk"):
        model.learn_one((), item, time_s=MONDAY, session=item)
    model.learn_one(("jam", "bread"), "butter", time_s=MONDAY, session="bread")

    assert ["butter", "jam"] == sorted(names(model, ("bread",)))


def test_what_a_shopper_takes_again_and_again_is_theirs() -> None:
    """And is not offered to others for that."""
    model = taught(*[("soap", "tea"), ("soap", "rice")] * 20, shopper="ada")
    for n in range(400):
        model.learn_one((), f"other-{n % 30}", time_s=MONDAY, session=f"bob-{n}", shopper="bob")
    (best, *_) = model.recommend((), 1, shopper="ada")

    assert ("soap", "own") == (best.item, best.source)
    assert best.together / best.of == pytest.approx(0.5, abs=0.02)
    assert "soap" not in [found.item for found in model.recommend((), 3, shopper="bob")]


def test_ranking_learns_what_follows() -> None:
    """A log in which nothing is taken twice, and one in which everything is."""
    once = taught(*[("bread", "butter"), ("beer", "crisps")] * 40)
    again = taught(*[("bread", "bread"), ("beer", "beer"), ("bread", "butter")] * 40)

    assert "butter" == once.recommend(("bread",), 1)[0].item
    assert "beer" == again.recommend(("beer",), 1)[0].item


def test_what_was_no_candidate_teaches_no_ranking() -> None:
    """Nor what is excluded."""
    model = taught(("bread", "butter"), ("milk",))
    before = model.to_bytes()

    assert not model.learn_rank(("bread",), "unheard of")
    assert not model.learn_rank(("bread",), "butter", exclude={"butter"})
    assert before == model.to_bytes()
    assert model.learn_rank(("bread",), "butter", exclude={"bread"})
    assert before != model.to_bytes()


def test_an_unknown_item_of_the_session_may_come_again() -> None:
    """Nobody has learned of it, yet it can be offered; it leaves no trace."""
    model = taught(("bread", "butter"))
    before = model.to_bytes()
    found = {one.item: one for one in model.recommend(("bread", "unheard of"), 9)}

    assert ("session", "") == (found["unheard of"].source, found["unheard of"].anchor)
    assert before == model.to_bytes()


def shelved(*baskets: Basket, model: BestFit | None = None) -> BestFit:
    """A model that learned these sessions, whose items are of the category before their colon."""
    model = model or BestFit()
    for number, basket in enumerate(baskets, start=model._sources.index.begun):
        for place, item in enumerate(basket):
            at: dict[str, Any] = {"time_s": MONDAY, "session": f"session-{number}"}
            model.learn_rank(basket[:place], item, **at)
            model.learn_one(basket[:place], item, category=item.split(":")[0], **at)
    return model


MEALS = [
    ("pasta:bows", "sauce:red"),
    ("tea:green", "sugar:white"),
    *[(f"n-{n}:x",) for n in range(40)],
]


def test_a_new_item_is_understood_by_its_category() -> None:
    """Nobody has taken these pasta yet; what goes with pasta goes with them."""
    model = shelved(*MEALS * 5, ("pasta:shells",))
    (best, *_) = model.recommend(("pasta:shells",), 3, exclude={"pasta:shells"}, session="new")

    assert ("sauce:red", "category", "") == (best.item, best.source, best.anchor)
    assert 5 == best.together


def test_a_category_that_nobody_tells_is_none() -> None:
    """Without it the same log is learned as before there were any."""
    model = taught(*MEALS)

    assert model._sources.catalogue.is_empty
    assert not {"category"} & {one.source for one in model.recommend(("pasta:bows",), 20)}


def test_the_latest_word_on_a_category_counts() -> None:
    """And what is told once holds until then."""
    model = BestFit()
    for category in ("pasta", "", "noodles", ""):
        model.learn_one((), "bows", time_s=MONDAY, category=category)

    catalogue = model._sources.catalogue
    assert {"pasta": 1, "noodles": 2} == catalogue.numbers
    assert [0, 2, 2] == catalogue.counts["events"][:3].tolist()


def test_categories_have_a_limit() -> None:
    """Items of later ones are of none; what is known goes on."""
    model = BestFit()
    for number in range(CATEGORIES_MAX + 100):
        model.learn_one((), "bows", time_s=MONDAY, category=f"category-{number}")
    catalogue = model._sources.catalogue

    assert CATEGORIES_MAX == len(catalogue.numbers)
    assert CATEGORIES_MAX + 1 == len(catalogue.counts) == len(catalogue.partners)


def test_a_forgotten_item_sells_best_nowhere() -> None:
    """Its number is given to another one, which may be of another category."""
    model = BestFit(items_max=4)
    for number in range(40):
        shelved((f"pasta:{number}", f"sauce:{number}"), model=model)
    catalogue, names = model._sources.catalogue, model._sources.index.names
    for category in ("pasta", "sauce"):
        sellers = catalogue.sellers[catalogue.numbers[category]]["item"]
        assert {category} == {names.name(item).split(":")[0] for item in sellers if item >= 0}


def test_a_snapshot_keeps_categories_and_refuses_false_ones() -> None:
    """A compiled loop would look where their numbers point."""
    model = shelved(*MEALS)
    again = BestFit.from_state(model.state())
    state = model.state()
    state["sources"]["catalogue"]["names"] = ["pasta"]

    assert again.to_bytes() == model.to_bytes()
    assert again.recommend(("tea:green",), 5) == model.recommend(("tea:green",), 5)
    with pytest.raises(SnapshotError, match="do not fit together"):
        BestFit.from_state(state)


def test_equal_seeds_make_equal_models() -> None:
    """And other seeds other ones."""
    log = [("bread", "butter"), ("bread", "jam"), ("beer", "crisps")] * 5
    one, same, other = (taught(*log, model=BestFit(seed=seed)) for seed in (1, 1, 2))

    assert one.to_bytes() == same.to_bytes()
    assert one._ranker.weights.tolist() != other._ranker.weights.tolist()


def test_ten_times_more_items_take_no_more_memory() -> None:
    """Rows are reused; the bound can be told beforehand."""
    model = BestFit(items_max=200, sessions_max=300, shoppers_max=50)
    rng = np.random.default_rng(7)
    sizes = []
    for number in range(1_200):
        basket = tuple(f"item-{n}" for n in rng.integers(0, 200 + 2 * number, size=4))
        for place, item in enumerate(basket):
            session, shopper = f"s-{number}", f"shopper-{number % 90}"
            model.learn_one(basket[:place], item, time_s=MONDAY, session=session, shopper=shopper)
        if number in (299, 1_199):
            sizes.append(model._raw_memory_usage)
    item_bytes = ITEM.itemsize + VOTES.itemsize + (PARTNERS_MAX + NEXT_MAX) * PAIR.itemsize

    assert len(model._sources.partners) == 200 + 50
    assert sizes[1] <= 1.3 * sizes[0]
    assert sum(a.nbytes for a in (model._sources.partners, model._sources.nexts)) <= (
        250 * item_bytes
    )


def test_what_was_forgotten_is_nowhere() -> None:
    """A number that is given to another item brings nothing of the old one along."""
    model = BestFit(items_max=4, sessions_max=50)
    for number in range(40):
        taught((f"old-{number}", f"new-{number}"), model=model)
    found = names(model, ("old-39",))

    assert "new-39" in found
    assert not {"", *(f"new-{n}" for n in range(35))} & set(found)


def test_a_snapshot_with_numbers_out_of_bounds_is_refused() -> None:
    """A compiled loop would look where they point."""
    state = taught(("bread", "butter")).state()
    state["sources"]["popular"][0] = 1_000_000

    with pytest.raises(SnapshotError, match="do not fit together"):
        BestFit.from_state(state)


def test_every_source_has_a_name() -> None:
    """A prompt's reason says it."""
    assert ("knn", "together", "next", "own", "popular", "session", "category") == SOURCES
