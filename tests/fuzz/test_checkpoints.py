"""A checkpoint whose checksums are right and whose content is not: refused, or lived on with.

Checksums say that nothing was changed on the way, not who wrote it.
"""

import hashlib
import json
import zlib
from functools import cache
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import SnapshotError
from models.snapshot.snapshot import MAGIC as SNAPSHOT
from models.snapshot.snapshot import unpack
from streams.contract.errors import CheckpointRefused
from streams.contract.events import Event
from streams.contract.settings import Settings
from streams.shop.checkpoint import LogExtent, check, packed, read, restored
from streams.shop.format.framing import MAGIC
from streams.shop.shop import Shop
from tests.fuzz.hostile_json import WORDS, Path, json_words, nearly, places, tried, written
from tests.stories import NOON_MS, Story, Till

LOG = LogExtent("cluster-1", begins={0: 0}, ends={0: 1_000_000}, younger={})


class Kept(NamedTuple):
    """A checkpoint in its parts."""

    settings: Settings
    claim: dict[str, Any]
    bodies: dict[str, bytes]
    states: dict[str, Any]


@cache
def kept(best_fit: bool) -> Kept:
    """Of a shop in which bread and butter were bought, offered, looked at and sent back."""
    small = {"items_max": 100, "shoppers_max": 100, "sessions_max": 100}
    till = Till(best_fit=best_fit, holdout_share=0.2, holdout_salt="1", **small)
    till.teach("bread", "butter", times=6)
    for shopper in ("ada", "bob"):
        story = Story(f"s-{shopper}", shopper_id=shopper, visitor_id=f"v-{shopper}")
        prompt = till.serve(story.view("bread")).prompt
        events: list[Event] = [story.see(prompt), story.click(prompt)] if prompt else []
        events += [story.add("butter"), story.order("butter", "jam"), story.send_back("jam")]
        for event in (*events, story.remove("butter"), story.check_out()):
            till.serve(event)
    header, data = packed(till.shop, cluster="cluster-1", now_ms=NOON_MS, made_by="worker-1")
    body = data[data.index(b"\n") + 1 :]
    bodies = {}
    for name, length in sorted(header.parts.items()):
        bodies[name], body = body[:length], body[length:]
    states = {
        name: json.loads(zlib.decompress(one.split(b"\n", 1)[1])) for name, one in bodies.items()
    }
    return Kept(till.shop.settings, header.model_dump(mode="json"), bodies, states)


def snapshot(like: bytes, plain: bytes) -> bytes:
    """A snapshot of the kind of another one, with this JSON in it, sealed as the format says."""
    told = json.loads(like[len(SNAPSHOT) : like.index(b"\n")])
    body = zlib.compress(plain, 1)
    claim = {"kind": told["kind"], "plain_bytes": len(plain), "version": told["version"]}
    seal = hashlib.sha256(_line(claim) + body).hexdigest()
    return SNAPSHOT + _line({**claim, "sha256": seal}) + b"\n" + body


def sealed(claim: dict[str, Any], bodies: dict[str, bytes]) -> bytes:
    """A checkpoint, likewise."""
    parts = {name: len(body) for name, body in bodies.items()}
    claim, body = {**claim, "parts": parts}, b"".join(bodies[name] for name in sorted(bodies))
    seal = hashlib.sha256(_line(claim) + body).hexdigest()
    return MAGIC + _line({**claim, "sha256": seal}) + b"\n" + body


def _line(claim: dict[str, Any]) -> bytes:
    return json.dumps(claim, sort_keys=True, separators=(",", ":")).encode()


def lived_on_with(data: bytes, settings: Settings) -> None:
    """Restore it, and let a few shoppers come, as a worker does."""
    checkpoint = read(data)
    check(checkpoint.header, settings, LOG)
    till = Till()
    till.shop = restored(checkpoint, settings)
    till.teach("bread", "milk", times=1, start_ms=NOON_MS + 60_000)
    for shopper in ("ada", "cy"):
        story = Story(f"s-{shopper}", shopper_id=shopper, start_ms=NOON_MS + 120_000)
        for event in (story.view("bread"), story.add("milk"), story.order("milk"), story.cancel()):
            till.serve(event)
    till.shop.digests()
    packed(till.shop, cluster="cluster-1", now_ms=NOON_MS, made_by="worker-1")


Instead = list[tuple[Path, str]]


@st.composite
def changes(draw: st.DrawFn, best_fit: bool) -> tuple[str, Instead]:
    """A part, and what stands in it instead."""
    states = kept(best_fit).states
    name = draw(st.sampled_from(sorted(states)))
    words = st.sampled_from(sorted(WORDS)) | json_words()
    place = st.sampled_from(places(states[name]))
    return name, draw(st.lists(st.tuples(place, words), min_size=1, max_size=2))


def changed(best_fit: bool, name: str, instead: Instead) -> bytes:
    """A checkpoint in one part of which something else stands."""
    sound = kept(best_fit)
    plain = written(sound.states[name], instead)
    return sealed(sound.claim, {**sound.bodies, name: snapshot(sound.bodies[name], plain)})


@pytest.mark.parametrize("best_fit", [False, True])
@tried
@given(data=st.data())
def test_a_state_that_is_none_is_refused_or_lived_on_with(
    best_fit: bool, data: st.DataObject
) -> None:
    """Nothing that a checkpoint says comes back as a traceback when shoppers come."""
    name, instead = data.draw(changes(best_fit))
    try:
        lived_on_with(changed(best_fit, name, instead), kept(best_fit).settings)
    except CheckpointRefused as refused:
        said = str(refused)
    else:
        return
    assert said


@tried
@given(st.data())
def test_a_header_that_is_none_is_refused_or_lived_on_with(data: st.DataObject) -> None:
    """Whatever it claims."""
    sound = kept(False)
    raw = data.draw(nearly(sound.claim))
    try:
        claim = json.loads(raw)
        whole = sealed(claim, sound.bodies) if isinstance(claim, dict) else MAGIC + raw + b"\n"
    except (ValueError, RecursionError):
        whole = MAGIC + raw + b"\n"
    try:
        lived_on_with(whole, sound.settings)
    except CheckpointRefused as refused:
        said = str(refused)
    else:
        return
    assert said


def test_what_is_sealed_here_is_what_a_shop_writes() -> None:
    """Otherwise the checksum alone would be tried."""
    for best_fit in (False, True):
        sound = kept(best_fit)
        bodies = {
            name: snapshot(body, json.dumps(sound.states[name]).encode())
            for name, body in sound.bodies.items()
        }
        lived_on_with(sealed(sound.claim, bodies), sound.settings)
        assert isinstance(restored(read(sealed(sound.claim, bodies)), sound.settings), Shop)


@pytest.mark.parametrize("sessions", [2**63, 10**400, -1])
def test_more_sessions_than_there_can_be_are_refused(sessions: int) -> None:
    """Compiled loops count in 64 bits."""
    instead = [(("sessions",), str(sessions))]

    with pytest.raises(CheckpointRefused, match="sessions"):
        lived_on_with(changed(False, "baskets", instead), kept(False).settings)


@pytest.mark.parametrize("path", [(), ("pairs",), ("params",)])
def test_lists_in_lists_are_refused(path: Path) -> None:
    """Deeper than Python's stack, wherever they stand."""
    with pytest.raises(CheckpointRefused):
        lived_on_with(changed(False, "baskets", [(path, "lists in lists")]), kept(False).settings)


def packed_hard(plain_bytes: int) -> tuple[bytes, int]:
    """JSON that says nothing, packed as hard as zlib can: in pieces, to hold little of it."""
    packer, piece, pieces = zlib.compressobj(9), b"0" * (1 << 20), plain_bytes >> 20
    body = packer.compress(b'{"a":"')
    body += b"".join(packer.compress(piece) for _ in range(pieces))
    return body + packer.compress(b'"}') + packer.flush(), (pieces << 20) + 8


def test_a_snapshot_that_unfolds_to_far_more_than_we_pack_is_refused() -> None:
    """Before any of it is unfolded: 64 MiB in 64 KiB."""
    body, plain_bytes = packed_hard(64 << 20)
    claim = {"kind": "Basket", "plain_bytes": plain_bytes, "version": 1}
    seal = hashlib.sha256(_line(claim) + body).hexdigest()

    with pytest.raises(SnapshotError, match="more than we pack"):
        unpack(SNAPSHOT + _line({**claim, "sha256": seal}) + b"\n" + body, "Basket", 1)
