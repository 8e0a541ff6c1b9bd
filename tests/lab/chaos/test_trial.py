"""What a verdict makes of its figures: when it fails, and what it says of the trouble there was."""

from typing import Any

import pytest
from pydantic import SecretStr

from streams.contract.receipts import Receipt, Receipts
from streams.contract.schemas.examples import PROMPT
from streams.contract.settings import Settings
from streams.lab.chaos.books.books import Recomputed
from streams.lab.chaos.command import section
from streams.lab.chaos.trial import failed, sealed_by, state_differences
from streams.shop.shop import Shop
from tests.lab.chaos.street import Record
from tests.stories import NOON_MS

NOTHING = {"p50": None, "max": None}
WELL: dict[str, Any] = {
    "state": "EXACT",
    "prompts": "MORE",
    "outcomes": "MORE",
    "rejected": "MORE",
    "twin": "EXACT",
    "answered": True,
    "missing_kinds": [],
}
FIGURES: dict[str, Any] = WELL | {
    "faults": {"kill": 2},
    "seconds": 60,
    "events": 1234,
    "kinds": {"signed_in": 17, "return_first": 3},
    "left_out": {"fit": {"all": 1}},
    "lightened": {"s1": ["taken"], "s2": ["looked"]},
    "twin_left_out": ["baskets of 's1': {'jam': 1}, not 0"],
    "transactions": {"committed": 2, "aborted": 1},
    **dict.fromkeys(("lost", "wrong", "repeats", "repeated_outcomes"), 0),
    "takeover_s": NOTHING,
    "unanswered_s": {"kill": NOTHING},
    "latency_ms": {"after": {"p50": 5, "p99": 9}},
}


def test_repeats_are_no_failure() -> None:
    """They have the same ids: readers drop them."""
    assert not failed(WELL)


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "LESS"},
        {"prompts": "LESS"},
        {"outcomes": "LESS"},
        {"rejected": "LESS"},
        {"twin": "LESS"},
        {"answered": False},
        {"missing_kinds": ["return_first"]},
    ],
)
def test_what_is_lost_other_or_did_not_occur_is_a_failure(wrong: dict[str, Any]) -> None:
    """A run without a kind of trouble says nothing of it."""
    assert failed(WELL | wrong)


def test_the_report_has_the_twin_each_kind_and_what_is_left_out() -> None:
    """So that a run that lacks one is visible."""
    said = "\n".join(section(FIGURES))

    for words in ("twin", "signed_in", "17", "return_first", "Left out of the digest: fit."):
        assert words in said
    assert "weigh more than 8 KB: 2; not judged beside the twin for that: 1." in said


def test_a_worker_that_knows_something_else_is_named_with_the_parts() -> None:
    """One that did not say what it knows is no other fold."""
    shop = Shop(Settings(receipt_secret=SecretStr("not a secret")))
    books = Recomputed(shop.digest(), {}, {}, {}, frozenset(), {}, shop)
    well = {"digest": shop.digest(), "digests": shop.digests()}
    other = {"digest": "other", "digests": shop.digests() | {"baskets": "other"}}
    states: dict[str, dict[str, Any]] = {"a": well, "b": other, "c": {}}

    assert ["b has other baskets", "c did not say what it knows"] == [
        *state_differences(states, books)
    ]


def test_prompts_are_counted_by_the_key_that_sealed_them() -> None:
    """Two keys, once the secret has been rotated."""
    receipt = Receipt("p", "s1", "a", "basket/new", 0.5, 0.1, ("jam",), NOON_MS, NOON_MS + 1)
    secrets = [Receipts("old"), Receipts("new,old")]
    sealed = [secrets[n].seal(receipt) for n in (0, 1, 1)]
    prompts = [PROMPT.model_copy(update={"receipt": token}).to_json() for token in sealed]
    records = [Record(0, number, 0, b"", prompt) for number, prompt in enumerate(prompts)]

    old, new = (receipts.key_ids[0] for receipts in secrets)
    assert {old: 1, new: 2} == sealed_by(records)
