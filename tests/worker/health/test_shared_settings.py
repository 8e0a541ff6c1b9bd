"""What workers of one group must have in common: every setting has its place; no secret is told."""

import json

import pytest
from pydantic import SecretStr

from streams.contract.settings import Settings
from streams.shop.format.meaning import FOLDING
from streams.shop.shared_settings import (
    MAY_DIFFER,
    MUST_AGREE,
    Difference,
    differences,
    fingerprints,
    in_words,
    told,
    versions,
)
from streams.shop.shop import Shop
from tests.stories import OPEN

OLD, NEW = "kept for years", "just made"


def differing(ours: Settings, theirs: Settings) -> list[str]:
    """The settings in which two workers differ, as one of them reads it in JSON."""
    return [each.setting for each in differences(told(ours), json.loads(json.dumps(told(theirs))))]


def secrets_agree(ours: str, theirs: str) -> bool:
    """Whether workers with these secrets agree, seen from both sides."""
    one = Settings(receipt_secret=SecretStr(ours))
    other = Settings(receipt_secret=SecretStr(theirs))
    agree = differing(one, other) == []
    assert agree == (differing(other, one) == [])
    return agree


def test_every_setting_must_agree_or_may_differ_for_a_reason() -> None:
    """Whoever adds a setting says which; none is both."""
    assert Settings.model_fields.keys() == MUST_AGREE.keys() | MAY_DIFFER.keys()
    assert set() == MUST_AGREE.keys() & MAY_DIFFER.keys()
    assert all([*MUST_AGREE.values(), *MAY_DIFFER.values()])


def test_all_that_the_fold_reads_must_agree() -> None:
    """Else equal positions would not have equal digests."""
    assert set() == set(FOLDING) - MUST_AGREE.keys()


@pytest.mark.parametrize(
    ("setting", "other"),
    [
        ("holdout_salt", "autumn"),
        ("holdout_share", 0.1),
        ("segments", "trade"),
        ("arm_floor", 0.1),
        ("lift_z_min", 3),
        ("together_min", 3),
        ("prompts_per_session_max", 3),
        ("session_gap_s", 60),
        ("receipt_secret", "another"),
        ("best_fit", True),
    ],
)
def test_a_worker_with_another_value_differs_in_just_that_setting(
    setting: str, other: object
) -> None:
    """Whichever side looks."""
    ours, theirs = Settings(**OPEN), Settings(**{**OPEN, setting: other})

    assert [setting] == differing(ours, theirs) == differing(theirs, ours)


def test_workers_that_differ_in_what_may_differ_agree() -> None:
    """Name, page, pace and place are each worker's own."""
    place = {"worker_name": "bob", "web_port": 8080, "redis_url": "redis://:pass@r"}
    other = {**place, "heartbeat_s": 2, "answering": False}

    assert [] == differing(Settings(**OPEN), Settings(**{**OPEN, **other}))


def test_segments_agree_in_any_order() -> None:
    """They are a set."""
    assert [] == differing(Settings(segments="trade, club"), Settings(segments="club,trade,"))


def test_a_version_of_the_state_that_differs_is_named() -> None:
    """Code that keeps another state folds otherwise."""
    parts = versions(Shop(Settings(**OPEN)).parts())
    earlier = {**parts, "state of policy": "ThompsonSampling 0"}
    settings = Settings(**OPEN)

    found = differences(told(settings, parts), told(settings, earlier))

    assert ["state of policy"] == [each.setting for each in found]


def test_a_version_of_the_state_that_only_one_side_has_differs() -> None:
    """A part that is new has learned nothing there."""
    settings = Settings(**OPEN)

    (found,) = differences(told(settings, {"state of tides": "Tides 1"}), told(settings))

    assert found == ("state of tides", "Tides 1", None)


def test_secrets_are_named_by_their_fingerprints() -> None:
    """So that nobody takes them for the secrets."""
    said = in_words(Difference("receipt_secret", ["a1"], None), "ann")

    assert said == 'receipt_secret (by fingerprint) is ["a1"] here, not known at ann'


def test_a_setting_that_an_earlier_version_lacks_agrees_at_its_default_alone() -> None:
    """So a new version comes in worker by worker, and what is new is set when all have it."""
    earlier = told(Settings())
    del earlier["cool_down_s"]

    assert [] == differences(told(Settings()), earlier)
    (found,) = differences(told(Settings(cool_down_s=1)), earlier)
    assert found == ("cool_down_s", 1.0, None)


def test_a_setting_that_only_a_later_version_has_differs() -> None:
    """Nobody here knows what it does."""
    later = {**told(Settings()), "patience": 3}

    assert [("patience", None, 3)] == differences(told(Settings()), later)


def test_secrets_agree_while_each_accepts_what_the_other_signs_by() -> None:
    """The three rounds of a change, and the short cuts that none is."""
    assert secrets_agree(OLD, f"{OLD},{NEW}")
    assert secrets_agree(f"{OLD},{NEW}", f"{NEW},{OLD}")
    assert secrets_agree(f"{NEW},{OLD}", NEW)
    assert not secrets_agree(OLD, NEW)
    assert not secrets_agree(OLD, f"{NEW},{OLD}")
    assert not secrets_agree(f"{OLD},{NEW}", NEW)


@pytest.mark.parametrize("said", [None, 3, "", "ab", [], {}, {"0": 1}])
def test_what_is_no_list_of_fingerprints_agrees_with_none(said: object) -> None:
    """Whoever may write into the topic stops nobody by it."""
    ours = told(Settings(receipt_secret=SecretStr(OLD)))

    for sides in (
        (ours, {**ours, "receipt_secret": said}),
        ({**ours, "receipt_secret": said}, ours),
    ):
        (found,) = differences(*sides)
        assert found.setting == "receipt_secret"


def test_what_is_told_holds_no_secret() -> None:
    """Neither those that must agree nor those in addresses."""
    settings = Settings(
        receipt_secret=SecretStr(f"{OLD},{NEW}"),
        redis_url="redis://:hidden@host",
        checkpoint_url="redis://:buried@host",
    )

    said = json.dumps(told(settings))

    assert [] == [secret for secret in (OLD, NEW, "hidden", "buried") if secret in said]


def test_a_fingerprint_shows_neither_the_key_nor_the_same_secret_of_another_shop() -> None:
    """It is salted by the prefix, and as long as it need be."""
    (here,), (there,) = (fingerprints(SecretStr(OLD), prefix) for prefix in ("here", "there"))

    assert here != there
    assert [here] == fingerprints(SecretStr(f" {OLD} ,"), "here")
    assert len(here) == 16
    assert [] == fingerprints(SecretStr(" , "), "here")
