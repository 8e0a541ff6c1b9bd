"""Everything that real shops send, read by two workers at their own pace, beside the twin."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pytest

from streams.contract.events import Event, OrderCancelled, OrderPlaced, OrderReturned
from streams.contract.published.outcomes import (
    AnyOutcome,
    Assigned,
    Ordered,
    Outcome,
    OutcomeLine,
    Returned,
    Unmatched,
)
from streams.contract.settings import Settings
from streams.lab.chaos.books.books import Recomputed, fold, judged_outcomes, recompute
from streams.lab.chaos.books.compared import Compared, judged_by_twin
from streams.lab.chaos.shoppers.kinds import missing
from streams.lab.chaos.twin.told import LINE, WORDS
from streams.shop.memory.session import Session
from streams.shop.people.denials import Denials
from streams.shop.shop import Folding, Shop
from tests.lab.chaos.street import SETTINGS, Record, Street

EVENTS, AGAIN = 2_500, 700
SEEDS = (1, 2)
LATE_EVENTS = 1_500


@lru_cache
def street(seed: int) -> Street:
    """A street on which everything happened."""
    return Street(seed, EVENTS)


def published(walked: Street) -> list[Record]:
    """The outcomes as records."""
    return [Record(0, n, 0, b"", one.to_json()) for n, one in enumerate(walked.outcomes)]


def beside_the_twin(walked: Street, shop: Shop) -> Compared:
    """What the twin says of a shop that has read this street, and of what was published there."""
    return judged_by_twin(SETTINGS, walked.records, published(walked), of(shop))


def of(shop: Shop) -> Recomputed:
    """What the books have of a shop, as far as the twin asks for it."""
    return Recomputed(shop.digest(), shop.position, {}, {}, frozenset(), {}, shop)


@pytest.mark.parametrize("seed", SEEDS)
def test_workers_who_read_in_any_order_come_to_the_same(seed: int) -> None:
    """State and outcomes are those of a shop that reads partition by partition."""
    walked = street(seed)
    log = recompute(SETTINGS, walked.records, {})

    assert [log.digest] * 2 == [worker.shop.digest() for worker in walked.workers]
    word, lost, wrong, repeats = judged_outcomes(published(walked), log)
    assert ("EXACT", 0, 0) == (word, lost, wrong)
    assert repeats  # who crashed has said it again
    assert {*log.owed} <= {*walked.prompts} <= {*log.asked}  # but of who had left by then
    assert 300 < len(log.owed) < len(log.asked) + 1


@pytest.mark.parametrize("seed", SEEDS)
def test_feedback_that_comes_late_is_refused_by_all_or_by_nobody(seed: int) -> None:
    """A session that has forgotten the prompt by then refuses it, whenever that is answered."""
    walked = Street(seed + 1, EVENTS, late_events=LATE_EVENTS)
    log = recompute(SETTINGS, walked.records, {})

    assert log.rejected == walked.letters
    assert {"receipt_forgotten"} == {*log.rejected.values()}
    assert [log.digest] * 2 == [worker.shop.digest() for worker in walked.workers]
    assert "EXACT" == judged_outcomes(published(walked), log).word
    assert [] == beside_the_twin(walked, walked.workers[0].shop).sentences


@pytest.mark.parametrize("seed", SEEDS)
def test_the_twin_comes_to_the_same(seed: int) -> None:
    """Baskets, purchases, what was met, what prompts earned, and each outcome, field by field."""
    walked = street(seed)

    for worker in walked.workers:
        assert [] == beside_the_twin(walked, worker.shop).sentences


def test_everything_that_is_promised_happens() -> None:
    """No kind of trouble is missing; the same seed makes the same ones."""
    once, again = Street(1, AGAIN), Street(1, AGAIN)

    assert [] == missing(street(1).mall.sent)
    assert again.mall.sent == once.mall.sent
    assert again.log == once.log


# Shops that are wrong: all alike, so that no digest shows it


def counting_twice(settings: Settings) -> Shop:
    """An order that is told again counts again."""
    shop = Shop(settings)

    def again(session: Session, event: OrderPlaced) -> None:
        if event.order_id in session.orders:
            event = event.model_copy(update={"order_id": event.order_id + " again"})
        shop.orders.ordered(session, event)

    return handling(shop, again, OrderPlaced)


def dropping_returns(settings: Settings) -> Shop:
    """What comes back counts for nothing."""
    return handling(Shop(settings), lambda _session, _event: None, OrderReturned, OrderCancelled)


def dropping_returns_elsewhere(settings: Settings) -> Shop:
    """What comes back counts on its order's own partition alone."""
    shop = Shop(settings)

    def beside_its_order(session: Session, event: OrderReturned) -> None:
        if event.order_id in session.order_memory:
            shop.orders.returned(session, event)

    return handling(shop, beside_its_order, OrderReturned, OrderCancelled)


def handling(shop: Shop, fold: Callable[[Session, Any], None], *events: type[Event]) -> Shop:
    """The shop, folding these events otherwise."""
    shop._handlers |= dict.fromkeys(events, fold)
    return shop


class Deaf(Denials):
    """Nobody's denial sticks."""

    def note(self, who: str, at_ms: int) -> bool:
        """Heard, and forgotten at once."""
        return False


def remembering(settings: Settings) -> Shop:
    """Denials change nothing of what was bought."""
    shop = Shop(settings)
    shop.identity.denials = Deaf(settings.shoppers_max)
    return shop


class Strangers(Shop):
    """Each session is another visitor's."""

    def learn(self, partition: int, offset: int, event: Event | None) -> Folding:
        """Fold it without the visitor."""
        anonymous = event and event.model_copy(update={"visitor_id": None})
        return super().learn(partition, offset, anonymous)


@pytest.mark.parametrize(
    ("wrong", "about"),
    [
        (counting_twice, "items"),
        (dropping_returns, "purchases"),
        (dropping_returns_elsewhere, "earned"),
        (remembering, "purchases"),
        (Strangers, "baskets"),
    ],
)
def test_a_shop_that_is_wrong_is_less(wrong: Callable[[Settings], Shop], about: str) -> None:
    """It comes to the same in whichever order it reads partitions; the twin does not."""
    records = street(1).records
    books, other = recompute(SETTINGS, records, {}, wrong), wrong(SETTINGS)
    for record in sorted(records, key=lambda one: (-one.partition, one.offset)):
        fold(other, record)
    said = [Record(0, n, 0, b"", one.to_json()) for n, one in enumerate(books.outcomes.values())]
    judged = judged_by_twin(SETTINGS, records, said, books, wrong)

    assert books.digest == other.digest()
    assert "EXACT" == judged_outcomes(said, books).word
    assert "LESS" == judged.word
    assert any(sentence.startswith(f"{about} of ") for sentence in judged.sentences)


def test_an_outcome_that_is_missing_other_or_too_many_is_less() -> None:
    """Field by field, and by what tells it from all others."""
    walked = street(1)
    first, *others = walked.outcomes
    bought = next(one for one in others if getattr(one, "stage", "") == "bought")
    other = bought.model_copy(update={"reward": 0.123})
    more = bought.model_copy(update={"order_id": "another"})
    shop = walked.workers[0].shop

    for changed, said in (
        (others, "was not published"),
        ([first, *others, other], "reward is 0.123, not"),
        ([first, *others, more], "nothing calls for it"),
    ):
        records = [Record(0, n, 0, b"", one.to_json()) for n, one in enumerate(changed)]
        (sentence,) = judged_by_twin(SETTINGS, walked.records, records, of(shop)).sentences
        assert said in sentence


@pytest.mark.parametrize("first", [True, False])
def test_each_copy_of_an_outcome_is_compared_whichever_comes_first(*, first: bool) -> None:
    """A repeat that is right does not make up for a wrong one: readers keep the first."""
    walked = street(1)
    one = walked.outcomes[0]
    wrong = one.model_copy(update={"occurred_at_ms": one.occurred_at_ms + 1})
    changed = [wrong, *walked.outcomes] if first else [*walked.outcomes, wrong]
    records = [Record(0, n, 0, b"", told.to_json()) for n, told in enumerate(changed)]
    judged = judged_by_twin(SETTINGS, walked.records, records, of(walked.workers[0].shop))

    (sentence,) = judged.sentences
    assert f"occurred_at_ms is {wrong.occurred_at_ms}, not" in sentence


UNITS = {
    "assigned": ("unit", "holdout", "share", "context", "orders_before", "shopper"),
    "ordered": ("experiment", "items", "value_minor", "margin_minor", "currency", "lines"),
    "returned": ("items", "quantity", "value_minor", "margin_minor", "lines"),
    "unmatched": ("items", "quantity", "value_minor", "margin_minor", "lines"),
}
"""What is told of units, beside who and when."""


def altered(value: Any) -> Any:
    """Something else of the same kind; of lines, what the first of them earns."""
    match value:
        case tuple():
            return (value[0].model_copy(update={"margin_minor": 12_345}), *value[1:])
        case str():
            return f"{value} other"
        case bool():
            return not value
        case float():
            return value / 2
        case _:
            return value + 1


def test_each_field_of_what_a_unit_did_is_compared() -> None:
    """Each is told by somebody in the mall; told otherwise, in each copy, it is found."""
    walked = street(2)
    first = {one.identity: one for one in reversed(walked.outcomes)}
    wanted = [(kind, name) for kind, names in UNITS.items() for name in names]
    changed: dict[tuple[str, ...], AnyOutcome] = {}
    said: set[str] = set()
    for kind, name in wanted:
        key, one = next(
            (key, one) for key, one in first.items() if one.type == kind and getattr(one, name)
        )
        other = {name: altered(getattr(one, name))}
        changed[key] = changed.get(key, one).model_copy(update=other)
        said.add(f"{' '.join(key)}: {name}")
    told = [changed.get(one.identity, one) for one in walked.outcomes]
    records = [Record(0, n, 0, b"", one.to_json()) for n, one in enumerate(told)]
    judged = judged_by_twin(SETTINGS, walked.records, records, of(walked.workers[0].shop))

    assert len(wanted) == len(said)
    assert said == {sentence.partition(" is ")[0] for sentence in judged.sentences}


def test_the_twin_has_a_word_for_each_field_that_is_published() -> None:
    """But for the version: what is new in the contract is judged, or it is said here why not."""
    kinds = (Outcome, Assigned, Ordered, Returned, Unmatched)
    published = {name for kind in kinds for name in kind.model_fields}

    assert {"schema_version"} == published - WORDS
    assert {*OutcomeLine.model_fields} == {*LINE}
