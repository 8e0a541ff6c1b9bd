"""Checkpoints: what is not exactly this shop's is refused, with the reason."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.errors import CheckpointRefused
from streams.contract.settings import Settings
from streams.shop.checkpoint import (
    Checkpoint,
    LogExtent,
    check,
    packed,
    read,
    restored,
)
from streams.shop.format.framing import MAGIC, VERSION
from streams.shop.shop import Shop
from tests.stories import NOON_MS, OPEN, Story, Till

SETTINGS = Settings(**OPEN)
LOG = LogExtent("cluster-1", begins={0: 0}, ends={0: 1_000}, younger={})


def busy() -> Till:
    """A shop in which bread and butter were bought, offered, and looked at."""
    till = Till()
    till.teach("bread", "butter")
    story = Story(shopper_id="ada")
    prompt = till.prompt(story.view("bread"))
    for event in (story.see(prompt), story.click(prompt), story.add("butter")):
        till.serve(event)
    return till


def kept(shop: Shop, cluster: str = LOG.cluster) -> bytes:
    """The checkpoint of a shop."""
    return packed(shop, cluster=cluster, now_ms=NOON_MS, made_by="worker-1")[1]


TILL = busy()
DATA = kept(TILL.shop)


def accepted(data: bytes, log: LogExtent = LOG, **settings: Any) -> Checkpoint:
    """A checkpoint, where it is let pass."""
    checkpoint = read(data)
    check(checkpoint.header, Settings(**{**OPEN, **settings}), log)
    return checkpoint


def test_a_shop_comes_back_from_its_checkpoint() -> None:
    """Every part of it, and the hash that its header announced."""
    checkpoint = accepted(DATA)
    shop = restored(checkpoint, SETTINGS)

    assert TILL.shop.state() == shop.state()
    assert TILL.shop.digest() == shop.digest() == checkpoint.header.digest


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_a_single_wrong_byte_is_refused(place: int, flip: int) -> None:
    """In the magic, in the header or in a part."""
    damaged = bytearray(DATA)
    damaged[place] ^= flip

    with pytest.raises(CheckpointRefused):
        read(bytes(damaged))


@given(st.integers(0, len(DATA) - 1))
def test_a_part_of_a_checkpoint_is_refused(length: int) -> None:
    """As left by a disk that was full."""
    with pytest.raises(CheckpointRefused, match=r"no checkpoint|damaged or cut off"):
        read(DATA[:length])


def test_another_version_is_refused() -> None:
    """And said to be that, not damaged."""
    header, body = DATA[len(MAGIC) :].split(b"\n", 1)
    older = json.dumps({**json.loads(header), "version": VERSION - 1}).encode()

    with pytest.raises(CheckpointRefused, match="of version 0, where 1 or 2 is needed"):
        read(MAGIC + older + b"\n" + body)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"topic_prefix": "other"}, "topic was goeswith.events, is other.events"),
        ({"partitions": 4}, "partitions was 8, is 4"),
        ({"session_gap_s": 60.0}, "session_gap_s was 1800.0, is 60.0"),
        ({"popularity_half_life_s": 86_400.0}, "popularity.half_life_s was 1209600.0, is 86400.0"),
        ({"pairs_per_item_max": 8}, "baskets.row_max was 64, is 8"),
    ],
)
def test_a_foreign_checkpoint_is_refused(settings: dict[str, Any], why: str) -> None:
    """Of another topic, or with figures that mean something else."""
    with pytest.raises(CheckpointRefused, match=f"(foreign|other settings): .*{why}"):
        accepted(DATA, **settings)


def test_a_checkpoint_of_another_cluster_is_refused() -> None:
    """Its offsets are those of another log."""
    with pytest.raises(CheckpointRefused, match="cluster was elsewhere, is cluster-1"):
        accepted(kept(TILL.shop, "elsewhere"))


def claiming(**more: Any) -> bytes:
    """The checkpoint with other claims in its header, sealed as the format says."""
    header, body = DATA[len(MAGIC) :].split(b"\n", 1)
    claim = {**json.loads(header), **more}
    del claim["sha256"]
    line = json.dumps(claim, sort_keys=True, separators=(",", ":")).encode()
    sealed = {**claim, "sha256": hashlib.sha256(line + body).hexdigest()}
    return MAGIC + json.dumps(sealed, sort_keys=True, separators=(",", ":")).encode() + b"\n" + body


@pytest.mark.parametrize(
    "claim",
    [
        {"position": {"0": 33}},
        {"position": {"0": 35}},
        {"position": {}},
        {"position": {"0": 34, "1": 1}},
        {"position": {"0": 34, "1": -5}},
        {"position": {"0": 34, "-1": 0}},
        {"position": {"0": 34, "8": 0}},
        {"skipped": -(10**9)},
        {"skipped": 35},
    ],
)
def test_a_checkpoint_whose_header_is_at_odds_with_its_parts_is_refused(
    claim: dict[str, Any],
) -> None:
    """By offsets that it has not folded a worker would skip records, or fold them twice."""
    with pytest.raises(CheckpointRefused, match=r"damaged: (its header|no fold)") as refused:
        restored(accepted(claiming(**claim)), SETTINGS)

    assert "damaged" == refused.value.reason


@pytest.mark.parametrize("claim", [{}, {"position": {"0": 34, "7": 0}}, {"skipped": 34}])
def test_a_partition_at_its_beginning_may_be_named_in_the_header(claim: dict[str, Any]) -> None:
    """Or go without saying, as it does in the parts."""
    assert {0: 34} == restored(accepted(claiming(**claim)), SETTINGS).position


def test_settings_that_only_read_may_change() -> None:
    """Those of today hold."""
    floor = restored(accepted(DATA, arm_floor=0.1), Settings(**OPEN, arm_floor=0.1)).policy.floor

    assert 0.1 == floor


def test_a_checkpoint_ahead_of_the_log_is_refused() -> None:
    """The topic was emptied."""
    with pytest.raises(CheckpointRefused, match=r"partition 0 ends at 7, .* stands at 34"):
        accepted(DATA, LOG._replace(ends={0: 7}))


def test_a_checkpoint_of_a_topic_that_was_made_anew_is_refused() -> None:
    """What it says that it has folded came later."""
    with pytest.raises(CheckpointRefused, match="offset 5 of partition 0 was appended after"):
        accepted(DATA, LOG._replace(younger={0: 5}))


def test_a_checkpoint_of_a_topic_of_another_id_is_refused() -> None:
    """However far both are: the topic was made anew. An id that is not told is no difference."""
    told = claiming(topic_id="one")
    with pytest.raises(CheckpointRefused, match="its id was one, is two") as refused:
        accepted(told, LOG._replace(topic_id="two"))

    assert "log" == refused.value.reason
    assert accepted(told, LOG._replace(topic_id="one"))
    assert accepted(told, LOG)
    assert accepted(DATA, LOG._replace(topic_id="two"))


def test_what_was_folded_of_a_log_before_counts_and_is_handed_on() -> None:
    """So that nobody who knows less takes its place."""
    shop = restored(accepted(claiming(carried=100)), SETTINGS)
    header, _ = packed(shop, cluster="cluster-1", now_ms=NOON_MS, made_by="worker-1")

    assert (100, 134) == (header.carried, header.events)


def test_a_header_says_nothing_new_where_there_is_nothing_to_say() -> None:
    """Versions before refuse a header with words that they do not know."""
    silent = json.loads(DATA.split(b"\n", 1)[0].removeprefix(MAGIC))
    said = packed(TILL.shop, cluster="here", now_ms=NOON_MS, made_by="ann", topic_id="one")[1]

    assert {"adopted", "carried", "topic_id"}.isdisjoint(silent)
    assert "one" == json.loads(said.split(b"\n", 1)[0].removeprefix(MAGIC))["topic_id"]
    assert ("", 0) == (read(DATA).header.topic_id, read(DATA).header.carried)


def test_a_checkpoint_from_before_the_log_begins_is_used() -> None:
    """What retention took in between is lost either way; what it took before, only here is left."""
    assert {0: 34} == accepted(DATA, LOG._replace(begins={0: 500})).header.position
