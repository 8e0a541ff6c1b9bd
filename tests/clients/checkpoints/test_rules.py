"""What takes the place of a checkpoint, and what is kept: as values, without a store."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.clients.checkpoints.rules import (
    KEPT_MAX,
    CheckpointProgress,
    ExistingCheckpoint,
    KeptCheckpoint,
    WriteRequest,
    fingerprint,
    known,
    most_first,
    replacing,
    surplus,
)
from streams.contract.errors import CheckpointRefused
from streams.contract.settings import Settings
from streams.shop.checkpoint import CheckpointHeader, packed
from streams.shop.shop import Shop
from tests.stories import OPEN


def checkpoint(
    upto: int, since: int = 0, cluster: str = "here", topic_id: str = "", **settings: Any
) -> tuple[CheckpointHeader, bytes]:
    """The checkpoint of a shop that has folded the log between two offsets."""
    shop = Shop(Settings(**{**OPEN, **settings}))
    shop.start(0, since)
    for offset in range(since, upto):
        shop.learn(0, offset, None)
    return packed(shop, cluster=cluster, now_ms=0, made_by="worker-1", topic_id=topic_id)


def held(header: CheckpointHeader, data: bytes) -> ExistingCheckpoint:
    """A checkpoint in its place."""
    return ExistingCheckpoint(fingerprint(data), known(header), lambda: data)


def verdict(there: ExistingCheckpoint | None, header: CheckpointHeader, **how: bool) -> str | None:
    """What becomes of what is there, in a word."""
    name = replacing(there, WriteRequest(header, {}, **how))
    return name and name.partition("-")[0]


def test_one_that_knows_all_of_it_replaces_a_checkpoint() -> None:
    """And nothing has to make room where nothing is."""
    assert ["", "", ""] == [
        verdict(None, checkpoint(7)[0]),
        verdict(held(*checkpoint(7)), checkpoint(7)[0]),
        verdict(held(*checkpoint(7)), checkpoint(9)[0]),
    ]


def test_a_further_one_stays() -> None:
    """The writer was paused; to go back in time, the further one is kept aside."""
    there, behind = held(*checkpoint(9)), checkpoint(7)[0]

    assert verdict(there, behind) is None
    assert "replaced" == verdict(there, behind, back=True) == verdict(there, behind, force=True)


def test_one_that_is_sealed_with_another_key_is_never_lost() -> None:
    """It stays, or is kept aside; and what is written later is no reason to let it go."""
    sealed, ours = checkpoint(7, checkpoint_key="theirs"), checkpoint(9, checkpoint_key="ours")
    aside = KeptCheckpoint(f"sealed-{fingerprint(sealed[1])}", known(sealed[0]))
    laid = KeptCheckpoint("replaced-1f0c3a5e7b92", known(sealed[0]))
    with pytest.raises(CheckpointRefused, match="stays: it is sealed") as refused:
        verdict(held(*sealed), ours[0], back=True)

    assert "sealed" == refused.value.reason
    assert "sealed" == verdict(held(*sealed), ours[0], force=True)
    assert [] == surplus([aside, laid], known(ours[0]))
    assert [laid] == surplus([aside, laid], known(checkpoint(9, checkpoint_key="new,theirs")[0]))


def test_sealed_ones_that_nobody_opens_are_bounded_apart() -> None:
    """Their headers may claim anything: none that can be read goes for them."""
    claims = [KeptCheckpoint(f"sealed-{n:012}", known(checkpoint(90 + n)[0])) for n in range(5)]
    read = [
        KeptCheckpoint(f"settings-{n:012}", known(checkpoint(9, session_gap_s=60.0 + n)[0]))
        for n in range(KEPT_MAX)
    ]
    gone = surplus([*claims, *read], known(checkpoint(7, session_gap_s=50.0)[0]))

    assert claims[: 5 - KEPT_MAX] == gone


def test_one_that_knows_a_week_does_not_replace_one_that_knows_months() -> None:
    """Though it is further: its worker started while nobody could tell it of the other one."""
    months, week = held(*checkpoint(90)), checkpoint(97, since=90)[0]

    with pytest.raises(CheckpointRefused, match="knows 90 events, this one 7") as refused:
        verdict(months, week)
    assert "more" == refused.value.reason
    assert "" == verdict(months, checkpoint(97)[0])


def test_what_was_made_under_other_settings_is_kept_aside() -> None:
    """However little or much it knows."""
    there = held(*checkpoint(9, session_gap_s=60.0))

    assert "settings" == verdict(there, checkpoint(7)[0]) == verdict(there, checkpoint(70)[0])


@pytest.mark.parametrize("other", [{"cluster": "elsewhere"}, {"topic_prefix": "other"}])
def test_what_is_not_ours_stays(other: dict[str, Any]) -> None:
    """Another cluster's, another prefix's, and what is no checkpoint at all."""
    for there in (held(*checkpoint(9, **other)), ExistingCheckpoint()):
        with pytest.raises(CheckpointRefused, match="not ours, and stays") as refused:
            verdict(there, checkpoint(99)[0], back=True)
        assert "foreign" == refused.value.reason
        assert "" == verdict(there, checkpoint(99)[0], force=True)


def test_what_its_writer_could_not_use_is_kept_aside() -> None:
    """Of the same lineage, too: the topic was made anew, or a byte is wrong."""
    header, data = checkpoint(9)
    write = WriteRequest(checkpoint(7)[0], {fingerprint(data): "log"})

    assert f"log-{fingerprint(data)}" == replacing(held(header, data), write)


def test_the_topic_before_it_was_made_anew_goes_for_no_event_of_the_new_one() -> None:
    """Who began while it could not be read says so, and does not decide what the new log holds."""
    months, days = held(*checkpoint(90, topic_id="one")), checkpoint(97, topic_id="two")[0]

    with pytest.raises(CheckpointRefused, match=r"of another log .* knows 90 events") as refused:
        verdict(months, days)
    assert "log" == refused.value.reason
    assert "log" == verdict(months, days, back=True) == verdict(months, days, force=True)
    assert "" == verdict(months, checkpoint(97, topic_id="one")[0])


@pytest.mark.parametrize("topic_ids", [("", "two"), ("one", "")])
def test_a_topic_that_does_not_say_its_id_may_be_the_same(topic_ids: tuple[str, str]) -> None:
    """As those that earlier versions wrote."""
    before, now = topic_ids

    assert "" == verdict(held(*checkpoint(9, topic_id=before)), checkpoint(9, topic_id=now)[0])


def test_what_was_kept_aside_of_another_log_is_not_known_to_one_of_the_new_one() -> None:
    """However much that knows."""
    aside = KeptCheckpoint("replaced-1", known(checkpoint(9, topic_id="one")[0]))

    assert [] == surplus([aside], known(checkpoint(99, topic_id="two")[0]))
    assert [aside] == surplus([aside], known(checkpoint(99, topic_id="one")[0]))


def adopted(upto: int, *parts: str) -> CheckpointProgress:
    """How much one knows of which parts were adopted."""
    return known(checkpoint(upto)[0])._replace(inexact=parts)


def test_what_is_as_it_was_learned_is_kept_beside_what_was_adopted() -> None:
    """A setting was put back: the adopted one goes on further, and its bandit knows nothing."""
    aside = KeptCheckpoint("settings-1", known(checkpoint(90)[0]))
    converted = KeptCheckpoint("settings-2", adopted(91, "baskets"))

    assert [] == surplus([aside, converted], adopted(97, "policy"))
    assert [converted] == surplus([aside, converted], adopted(97, "baskets"))
    assert [aside, converted] == surplus([aside, converted], known(checkpoint(97)[0]))


def test_those_with_adopted_parts_take_no_room_from_the_others() -> None:
    """Though they know more."""
    aside = KeptCheckpoint("settings-0", CheckpointProgress("bread", 9, 9))
    others = [
        KeptCheckpoint(f"settings-{n}", CheckpointProgress(f"tea {n}", 99, 99, inexact=("policy",)))
        for n in range(1, 5)
    ]

    assert others[3:] == surplus([*others, aside], CheckpointProgress("butter", 9, 9))


def test_one_with_adopted_parts_lays_aside_what_was_in_its_place() -> None:
    """Of the same settings, and not so far: its parts are as they were learned."""
    header, data = checkpoint(90)
    further = checkpoint(97)[0].model_copy(update={"adopted": {"policy": "taught again"}})

    assert "replaced" == verdict(held(header, data), further)
    assert "" == verdict(held(further, data), checkpoint(98)[0])


WORDS = st.sampled_from(["settings", "replaced", "damaged", "log"])
KNOWN = st.builds(
    lambda lineage, reach, skipped: CheckpointProgress(lineage, max(0, reach - skipped), reach),
    st.sampled_from("abc"),
    st.integers(0, 9),
    st.integers(0, 9),
)
KEPT = st.lists(
    st.builds(
        lambda word, n, of: KeptCheckpoint(f"{word}-{n}", of, n),
        WORDS,
        st.integers(0, 20),
        st.none() | KNOWN,
    ),
    max_size=12,
    unique_by=lambda one: one.name,
)


@given(KEPT, KNOWN)
def test_few_are_kept_and_those_that_know_most(
    kept: list[KeptCheckpoint], written: CheckpointProgress
) -> None:
    """What goes is known to one that stays, or is less than all that stay and say it."""
    gone = surplus(kept, written)
    left = [one for one in kept if one not in gone and one.known]
    stays = [written, *(one.known for one in left if one.known)]

    assert len(left) <= KEPT_MAX
    for one in gone:
        if one.known is None:
            continue  # these are judged apart
        covered = any(k.lineage == one.known.lineage and not one.known.more_than(k) for k in stays)
        assert covered or all(one.events <= other.events for other in left)


@given(KEPT, KNOWN)
def test_those_that_do_not_say_how_much_they_know_are_judged_apart(
    kept: list[KeptCheckpoint], written: CheckpointProgress
) -> None:
    """The latest stay, however many others there are."""
    silent = sorted((one for one in kept if one.known is None), key=lambda one: -one.written_s)
    gone = [one for one in surplus(kept, written) if one.known is None]

    assert min(len(silent), KEPT_MAX) == len(silent) - len(gone)
    assert all(one.written_s <= silent[KEPT_MAX - 1].written_s for one in gone)


@given(KEPT, KNOWN)
def test_to_tidy_up_twice_is_to_tidy_up_once(
    kept: list[KeptCheckpoint], written: CheckpointProgress
) -> None:
    """Whatever is started how often."""
    left = [one for one in kept if one not in surplus(kept, written)]

    assert [] == surplus(left, written)
    assert most_first(left) == most_first(left[::-1])
