"""Encryption at rest: whoever reads a sealed checkpoint without the key learns of nobody."""

import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.errors import CheckpointRefused
from streams.contract.settings import Settings
from streams.shop.checkpoint import CheckpointHeader, check, packed, read, resealed, restored
from streams.shop.format.framing import checksum, line, split
from tests.stories import NOON_MS, OPEN, Story, Till

SHOPPERS = ("ada-lovelace", "bob-the-baker")
KEYED = Settings(**OPEN, checkpoint_key="not a secret")
TURNED = Settings(**OPEN, checkpoint_key="a new one,not a secret")


def till(**settings: Any) -> Till:
    """A shop in which two shoppers looked, took and bought."""
    till = Till(**settings)
    till.teach("bread", "butter", times=4)
    for who in SHOPPERS:
        story = Story(f"session-of-{who}", shopper_id=who, visitor_id=f"visitor-{who}")
        for event in (story.view("bread"), story.add("butter"), story.order("butter", "jam")):
            till.serve(event)
    return till


def kept(**settings: Any) -> tuple[CheckpointHeader, bytes]:
    """The checkpoint of that shop."""
    return packed(till(**settings).shop, cluster="here", now_ms=NOON_MS, made_by="worker-1")


PLAIN_HEADER, PLAIN = kept()
HEADER, DATA = kept(checkpoint_key="not a secret")


def every_reading(data: bytes) -> bytes:
    """The bytes, and whatever deflated streams are in them."""
    said = [data]
    for at in range(len(data)):
        if data[at] == 0x78:  # how a stream of zlib begins
            try:
                said.append(zlib.decompressobj().decompress(data[at:]))
            except zlib.error:
                continue
    return b"\n".join(said)


def test_nobody_is_in_the_bytes() -> None:
    """No shopper, no session, no item; unsealed they are found by the same search."""
    names = [*SHOPPERS, "session-of-", "butter"]
    plain, sealed = every_reading(PLAIN), every_reading(DATA)

    assert [True] * 4 == [name.encode() in plain for name in names]
    assert [False] * 4 == [name.encode() in sealed for name in names]


def test_a_sealed_shop_is_the_shop_that_it_was() -> None:
    """With the key, and with a newer one before it; its lineage and digest are as if unsealed."""
    for settings in (KEYED, TURNED):
        found = read(DATA)
        check(found.header, settings)
        assert till().shop.digest() == restored(found, settings).digest()
    assert (PLAIN_HEADER.lineage, PLAIN_HEADER.digest) == (HEADER.lineage, HEADER.digest)
    assert (1, 2) == (PLAIN_HEADER.version, HEADER.version)


def test_without_a_key_a_checkpoint_is_as_it_ever_was() -> None:
    """And is read on by who has one."""
    claim, _ = split(PLAIN)

    assert {"keys", "salt"}.isdisjoint(claim)
    assert till().shop.digest() == restored(read(PLAIN), KEYED).digest()


@pytest.mark.parametrize("secret", ["", "another one"])
def test_without_its_key_one_is_refused_and_says_which(secret: str) -> None:
    """Before anything else is looked at, and when it is to be opened."""
    settings = Settings(**OPEN, checkpoint_key=secret)
    for use in (lambda: check(HEADER, settings), lambda: restored(read(DATA), settings)):
        with pytest.raises(CheckpointRefused, match=f"the key {HEADER.keys[0]}") as refused:
            use()
        assert "sealed" == refused.value.reason


@given(st.integers(0, 8 * len(DATA) - 1))
def test_a_bit_that_fell_over_anywhere_is_refused(at: int) -> None:
    """By the checksum, which needs no key."""
    changed = bytearray(DATA)
    changed[at // 8] ^= 1 << at % 8

    with pytest.raises(CheckpointRefused):
        restored(read(bytes(changed)), KEYED)


def forged(data: bytes, change: dict[str, Any], body: bytes | None = None) -> bytes:
    """Changed by somebody who knows how checksums are made."""
    claim, was = split(data)
    claim, body = {**claim, **change}, was if body is None else body
    del claim["sha256"]
    whole = line({**claim, "sha256": checksum(claim, body)})
    return b"goeswith-checkpoint " + whole + b"\n" + body


@given(st.data())
def test_what_somebody_changed_who_mends_the_checksum_is_refused(draw: st.DataObject) -> None:
    """The seal tells, wherever it was in the parts."""
    _, body = split(DATA)
    at = draw.draw(st.integers(0, 8 * len(body) - 1))
    changed = bytearray(body)
    changed[at // 8] ^= 1 << at % 8

    with pytest.raises(CheckpointRefused, match="its seal is broken"):
        restored(read(forged(DATA, {}, bytes(changed))), KEYED)


@pytest.mark.parametrize(
    "change",
    [
        {"made_by": "somebody"},
        {"made_at_ms": 1},
        {"cluster": "elsewhere"},
        {"keys": [HEADER.keys[0], "00000000"]},
        {"salt": "0" * 32},
        {"skipped": 1},
        {"parts": {**HEADER.parts, "another": 0}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_header_that_somebody_changed_is_refused(change: dict[str, Any]) -> None:
    """It can be read by everybody, and is authenticated with the parts."""
    with pytest.raises(CheckpointRefused, match="its seal is broken"):
        restored(read(forged(DATA, change)), KEYED)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 1}, "of version 1, with 1 keys"),
        ({"keys": []}, "of version 2, with 0 keys"),
        ({"version": 1, "keys": []}, r"its \w+: "),
    ],
    ids=["version", "keys", "both"],
)
def test_one_that_is_said_not_to_be_sealed_is_refused(change: dict[str, Any], said: str) -> None:
    """Its parts are no parts then."""
    with pytest.raises(CheckpointRefused, match=said):
        restored(read(forged(DATA, change)), KEYED)


def test_one_is_sealed_anew_with_the_first_key_of_today() -> None:
    """An older key's, and one that was not sealed; with that key already it stays as it is."""
    for data in (DATA, PLAIN):
        header, fresh = resealed(read(data), data, TURNED)
        assert header.keys[0] != HEADER.keys[0]
        assert header.keys == read(fresh).header.keys
        assert till().shop.digest() == restored(read(fresh), TURNED).digest()
        assert (header, fresh) == resealed(read(fresh), fresh, TURNED)


def test_without_a_key_one_is_copied_as_it_is() -> None:
    """Who makes backups needs none. With another key alone nothing can be made of it."""
    assert DATA == resealed(read(DATA), DATA, Settings(**OPEN))[1]
    assert PLAIN == resealed(read(PLAIN), PLAIN, Settings(**OPEN))[1]
    with pytest.raises(CheckpointRefused, match="sealed with the key"):
        resealed(read(DATA), DATA, Settings(**OPEN, checkpoint_key="another one"))


def test_a_shop_is_sealed_into_the_same_bytes() -> None:
    """So that a store that names checkpoints by their bytes has it once."""
    assert DATA == kept(checkpoint_key="not a secret")[1]
    assert json.loads(DATA[len("goeswith-checkpoint ") : DATA.index(b"\n")])["keys"]
