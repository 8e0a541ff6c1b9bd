"""Receipts come back as they were sent, or not at all."""

import base64
from hashlib import blake2b
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.errors import InvalidReceipt, MissingSecret
from streams.contract.receipts import (
    SIGNATURE_BYTES,
    YEAR_2015_MS,
    YEAR_2100_MS,
    Receipt,
    Receipts,
)
from streams.contract.secret_keys import secret_keys

BREAD = Receipt("p1", "s1", "popular", "basket/new", 0.25, 0.05, ("butter", "jam"), 1767225600000)


def refusal(token: str, session_id: str = "s1") -> str:
    """Why a token is refused."""
    with pytest.raises(InvalidReceipt) as refused:
        Receipts("secret").open(token, session_id)
    return refused.value.reason


def test_a_receipt_opens_to_what_was_signed() -> None:
    """The round trip loses nothing."""
    receipts = Receipts("secret")

    assert BREAD == receipts.open(receipts.sign(BREAD), "s1")


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_one_changed_bit_is_a_forgery(place: int, flip: int) -> None:
    """No part of a token can be changed unnoticed."""
    raw = bytearray(base64.urlsafe_b64decode(Receipts("secret").sign(BREAD)))
    raw[place % len(raw)] ^= flip

    assert "receipt_forged" == refusal(base64.urlsafe_b64encode(bytes(raw)).decode())


@given(st.text(max_size=200))
def test_nonsense_is_refused_never_crashes(token: str) -> None:
    """Whatever comes back, it is refused with a reason."""
    assert refusal(token) in {"receipt_unreadable", "receipt_forged"}


def other(**fields: Any) -> tuple[Any, ...]:
    """A receipt with another field."""
    return tuple({**BREAD._asdict(), **fields}.values())


def signed(*fields: Any) -> str:
    """A token of ours with other fields than a receipt has."""
    return Receipts("secret").sign(fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fields",
    [
        (*BREAD, "of the next version"),
        BREAD[:7],
        (),
        other(arm=None),
        other(context=7),
        other(propensity="0.25"),
        other(estimate=None),
        other(items=None),
        other(items="butter"),
        other(items=(["butter"],)),
        other(prompted_at_ms=1767225600.5),
        other(prompted_at_ms=10**16),
        other(prompted_at_ms=YEAR_2015_MS - 1),
        other(prompted_at_ms=YEAR_2100_MS + 1),
    ],
)
def test_a_receipt_of_another_version_is_refused(fields: tuple[Any, ...]) -> None:
    """Signed by us, but not what this version can read: the next one was rolled back."""
    assert "receipt_version" == refusal(signed(*fields))


@pytest.mark.parametrize("at_ms", [YEAR_2015_MS, YEAR_2100_MS])
def test_a_receipt_may_be_of_the_first_and_of_the_last_moment_that_there_is(at_ms: int) -> None:
    """As events may be."""
    receipts, bread = Receipts("secret"), BREAD._replace(prompted_at_ms=at_ms)

    assert bread == receipts.open(receipts.sign(bread), "s1")


@pytest.mark.parametrize("payload", [b"", b"null", b"\x98", b"12345678", b'{"version": 2}'])
def test_what_is_signed_but_no_list_is_refused(payload: bytes) -> None:
    """The next version writes something else."""
    signature = blake2b(payload, key=secret_keys("secret")[0], digest_size=SIGNATURE_BYTES).digest()

    assert "receipt_version" == refusal(base64.urlsafe_b64encode(signature + payload).decode())


@given(st.text(st.characters(codec="ascii", exclude_characters='"\\'), max_size=12))
def test_a_token_without_its_padding_is_good(prompt_id: str) -> None:
    """Shops that pass tokens on in addresses strip it."""
    receipts, bread = Receipts("secret"), BREAD._replace(prompt_id=prompt_id)

    assert bread == receipts.open(receipts.sign(bread).rstrip("="), "s1")


def test_another_sessions_receipt_is_refused() -> None:
    """A receipt is good for the session that it was given to."""
    assert "receipt_foreign" == refusal(Receipts("secret").sign(BREAD), "s2")


def test_secrets_can_be_changed_in_flight() -> None:
    """The first secret signs, the others are still accepted."""
    old, new = Receipts("old"), Receipts("new, old")

    assert BREAD == new.open(old.sign(BREAD), "s1")
    assert new.sign(BREAD) != old.sign(BREAD)


def test_without_a_secret_nothing_starts() -> None:
    """An unsigned installation is refused, with the way out."""
    with pytest.raises(MissingSecret, match="GOESWITH_RECEIPT_SECRET"):
        Receipts(" , ")
