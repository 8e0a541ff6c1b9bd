"""What the arm of what is worth most finds in arrays is what is found candidate by candidate."""

from collections.abc import Collection, Iterator
from random import Random
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some

from models import Candidate
from streams.contract.settings import Settings
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.decision.arms import CandidateQuery, in_basket
from streams.shop.decision.catalog.exclusions import Exclusions
from streams.shop.decision.policy.best_worth import (
    AGAIN_MAX,
    MAINS_MAX,
    POPULAR_MAX,
    BestWorthArm,
)
from streams.shop.decision.policy.offer_fits import (
    SHARES,
    SOURCES,
    SURE,
    beyond,
    companion_fits,
    fit_of,
)
from streams.shop.decision.policy.unit_values import UnitValues
from streams.shop.decision.slots.anchors import anchor_of, bought_with
from streams.shop.decision.slots.one_event import OneEvent
from streams.shop.memory.learned import after, before
from streams.shop.memory.orders.reward.net_reward import NetReward
from streams.shop.people.context import asks
from tests.properties.every_arm import SHOPS, served
from tests.stories import NOON_MS, OPEN, Story, Till

EVENTS = 300
WORTH = ItemWorth(90, 300, "EUR")


def proposed(arm: BestWorthArm, question: CandidateQuery) -> Iterator[Candidate]:
    """What each source proposes, an item once for each reason."""
    learned, out, baskets = arm.learned, question.excluded, arm.learned.baskets
    for main in in_basket(question)[: -MAINS_MAX - 1 : -1]:
        of, met = baskets.meetings(main)
        for item, together in met.items():
            one = Candidate(item, 0.0, together, of, main, SOURCES[0])
            by_chance = of * baskets.seen(item) * (1 / max(1, baskets.sessions))
            ordered = learned.sequences.lift(before(main), after(item))
            half = ordered.of_a * ordered.of_b * (0.5 / max(1, ordered.sessions))
            in_order = one._replace(together=ordered.together)
            surely = max(beyond(one, by_chance), beyond(in_order, half))
            if item not in out and surely >= SURE[0]:
                yield one
    who = question.session.shopper_id
    again = [] if who is None else learned.repeats.recommend((who,), AGAIN_MAX, exclude=out)
    yield from (one._replace(source=SOURCES[1]) for one in again)
    popular = learned.popularity.recommend((), POPULAR_MAX, exclude=out)
    yield from (one._replace(source=SOURCES[2]) for one in popular)


def plainly(arm: BestWorthArm, question: CandidateQuery) -> list[Candidate]:
    """All that is proposed, each judged by itself, in order."""
    best, out = dict[str, Candidate](), question.excluded
    assert isinstance(out, Exclusions)
    for one in proposed(arm, question):
        unit = arm.units.terms.unit_minor(out.worth(one.item)) or 0
        score = unit * arm.judged(one, question.anchor).hoped
        if unit > 0 and (one.item not in best or score > best[one.item].score):
            best[one.item] = one._replace(score=score)
    ranked = sorted(best.values(), key=lambda one: (-one.score, one.item))
    return ranked[: question.items_max]


def asked(till: Till, seed: int) -> Iterator[tuple[CandidateQuery, CandidateQuery]]:
    """What arms are asked in a random shop: by itself, and with what is shared by slots."""
    decision = till.shop.decision
    for event, _ in served(till, Random(seed), EVENTS):
        session = till.shop.sessions[0].find(event.session_id)
        if session is None or not asks(event) or not till.catalog:
            continue
        mine = till.shop.identity.seen_by(session, event)
        if (anchor := anchor_of(mine, event)) is None:
            continue
        questions = [
            decision.question(
                mine,
                anchor,
                event.time_s,
                Exclusions(till.catalog, event.segment),
                ordered=bought_with(event),
                shared=shared,
            )
            for shared in (None, OneEvent())
        ]
        yield questions[0], questions[1]


@settings(max_examples=6)
@given(seed=some.integers(0, 1 << 32), most=some.integers(1, 40))
def test_in_arrays_it_finds_what_is_found_one_by_one(seed: int, most: int) -> None:
    """The same items in the same order, of the same scores: in shops where all changes."""
    till, found, sources = Till(**SHOPS["best worth"]), 0, set[str]()
    arm = till.shop.decision.best_worth
    assert arm is not None
    for question, shared in asked(till, seed):
        question = question._replace(items_max=most)  # noqa: PLW2901
        plain = plainly(arm, question)

        assert plain == arm.candidates(till.shop.learned, question)
        assert bool(plain) == arm.proposes(till.shop.learned, question)
        for _ in range(2):  # the second time all of it has been ranked
            again = shared._replace(items_max=most)
            assert bool(plain) == arm.proposes(till.shop.learned, again)
            assert plain == arm.candidates(till.shop.learned, again)
        found += len(plain)
        sources.update(one.source for one in plain)
    assert found > EVENTS // 4
    assert {SOURCES[0], SOURCES[2]} <= sources


@given(
    some.lists(
        some.tuples(some.integers(0, 400), some.integers(0, 4_000), some.floats(0.0, 5_000.0)),
        min_size=1,
        max_size=20,
    )
)
def test_a_class_in_arrays_is_that_of_each(counts: list[tuple[int, int, float]]) -> None:
    """Whatever was counted; who met no more often than by chance is none in both."""
    each = [(min(together, of), of, chance) for together, of, chance in counts]
    pairs = [Candidate("jam", 0.0, met, of, "bread", SOURCES[0]) for met, of, _ in each]
    fits = [fit_of(one, chance) for one, (*_, chance) in zip(pairs, each, strict=True)]
    surely = [beyond(one, chance) for one, (*_, chance) in zip(pairs, each, strict=True)]
    together, of, chances = map(np.array, zip(*each, strict=True))
    found = companion_fits(together, of, chances).tolist()

    assert fits == found
    assert [more >= SURE[0] for more in surely] == [fit >= SHARES for fit in found]


def test_the_value_of_an_item_is_worked_out_anew_when_the_catalogue_says_something_else() -> None:
    """Whatever it earned before; nothing where nobody says, or no rate of its currency is known."""
    values = UnitValues(NetReward.of(Settings(**OPEN, reward="net", reward_rates="EUR=1")))
    dearer = WORTH._replace(margin_minor=120)

    assert [90, 120, 90, 0, 0] == [
        values.of("jam", worth)
        for worth in (WORTH, dearer, WORTH, ItemWorth(), WORTH._replace(currency="JPY"))
    ]


def test_so_many_values_are_kept_and_no_more() -> None:
    """Then all of them are worked out anew, and come to the same."""
    values = UnitValues(NetReward.of(Settings(**OPEN, reward="net")), kept_max=3)
    for number in range(10):
        assert 90 == values.of(f"item-{number}", WORTH)
        assert 1 <= len(values) <= 3


class Watched(Collection[str]):
    """Excludes nothing, and remembers of what it was asked."""

    def __init__(self, worths: dict[str, ItemWorth]) -> None:
        self.worths, self.asked = worths, list[Any]()

    def worth(self, item_id: str) -> ItemWorth:
        """As the catalogue says it."""
        return self.worths.get(item_id, ItemWorth())

    def __contains__(self, item: object) -> bool:
        self.asked.append(item)
        return False

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_only_what_stands_high_enough_is_asked_about() -> None:
    """Of fifty companions the two that earn most: the catalogue is not asked about the others."""
    till = Till(**SHOPS["best worth"])
    for number in range(50):
        till.teach("bread", f"item-{number:02}", times=3)
    for number in range(300):
        till.serve(Story(f"other-{number}").add(f"other-{number}"))
    arm, session = till.shop.decision.best_worth, till.shop.sessions[0].find("other-0")
    out = Watched({f"item-{n:02}": WORTH._replace(margin_minor=100 + n) for n in range(50)})
    assert arm is not None
    assert session is not None
    question = CandidateQuery(session, "bread", NOON_MS / 1000, out, 2)
    found = arm.candidates(till.shop.learned, question)

    assert ["item-49", "item-48"] == [one.item for one in found]
    assert len(out.asked) <= POPULAR_MAX + 4
