"""Receipts come back as they were sent, or not at all."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.errors import InvalidReceipt, MissingSecret
from streams.contract.receipts import Receipt, Receipts

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
