"""Receipts come back as they were sent, or not at all."""

import base64
import re
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.errors import InvalidReceipt, MissingSecret
from streams.contract.receipts import (
    ARMS_MAX,
    BLOCK_BYTES,
    KEY_ID_BYTES,
    NONCE_END,
    PREFIX,
    RAW_BYTES_MAX,
    SIGNATURE_BYTES,
    UNFILLED_BYTES,
    YEAR_2015_MS,
    YEAR_2100_MS,
    Receipt,
    ReceiptKey,
    Receipts,
    receipt_of,
)
from streams.contract.secrets.secret_keys import secret_keys
from streams.contract.wire.shop.on_offer import ItemWorth, plain, worths_of

SEALED_MS = 1767225600000
BREAD = Receipt(
    "p1", "s1", "popular", "basket/new", 0.25, 0.05, ("butter", "jam"), SEALED_MS, SEALED_MS + 1
)
RECEIPTS = Receipts("secret")
TOKEN = RECEIPTS.seal(BREAD)
VERSION_1 = [
    (
        "secret",
        Receipt("p1", "s1", "popular", "basket/new", 0.25, 0.05, ("butter", "jam"), SEALED_MS),
        (
            "cc9J34dWcVxi99TIRyN8iVsicDEiLCJzMSIsInBvcHVsYXIiLCJiYXNrZXQvbmV3IiwwLjI1LDAuMDUsWyJidXR0"
            "ZXIiLCJqYW0iXSwxNzY3MjI1NjAwMDAwXQ=="
        ),
    ),
    (
        "not a secret",
        Receipt(
            "6f1c",
            "session-7",
            "likely-to-churn",
            "product_page/gäste",
            1,
            0,
            ("käse",),
            1767225600001,
        ),
        (
            "4DnENGIS7JwWa4IO0eXBFFsiNmYxYyIsInNlc3Npb24tNyIsImxpa2VseS10by1jaHVybiIsInByb2R1Y3RfcGFn"
            "ZS9nw6RzdGUiLDEsMCxbImvDpHNlIl0sMTc2NzIyNTYwMDAwMV0="
        ),
    ),
    (
        "new, old",
        Receipt("p", 'a"b\\', "best_fit", "basket/known", 1 / 3, 2 / 3, (), YEAR_2015_MS),
        (
            "7QigKUaYf-mIpJUOxcW9GVsicCIsImFcImJcXCIsImJlc3RfZml0IiwiYmFza2V0L2tub3duIiwwLjMzMzMzMzMz"
            "MzMzMzMzMzMsMC42NjY2NjY2NjY2NjY2NjY2LFtdLDE0MjAwNzA0MDAwMDBd"
        ),
    ),
]
"""What was published before receipts were sealed, and has to open for ever."""

IDS = st.text(min_size=1, max_size=128)
TIMES_MS = st.integers(YEAR_2015_MS, YEAR_2100_MS)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
ARMS = st.lists(st.tuples(IDS, NUMBERS, NUMBERS), max_size=5).map(
    lambda arms: tuple(zip(*arms, strict=True)) or ((), (), ())
)
AMOUNTS = st.none() | st.integers(-(10**15), 10**15)
FITS, PAIRS = st.integers(0, 63), st.integers(1, 2**53)
CHANCES = st.integers(0, 10**6)
DISCOUNTS = st.integers(0, 10**15)
CURRENCY = st.none() | st.just("EUR")
RECEIPT = st.builds(
    lambda fields, times, arms, worth: Receipt._make(
        (*fields, min(times), max(times), *arms, worth and (worth,) * len(fields[-1]))
    ),
    st.tuples(IDS, IDS, IDS, IDS, NUMBERS, NUMBERS, st.lists(IDS, max_size=3).map(tuple)),
    st.tuples(TIMES_MS, TIMES_MS),
    ARMS,
    st.just(())
    | st.tuples(AMOUNTS, AMOUNTS, CURRENCY, FITS, DISCOUNTS).map(lambda said: ItemWorth(*said))
    | st.builds(ItemWorth, AMOUNTS, AMOUNTS, CURRENCY, FITS, DISCOUNTS, PAIRS, CHANCES),
)


def refusal(token: str, session_id: str = "s1") -> str:
    """Why a token is refused."""
    with pytest.raises(InvalidReceipt) as refused:
        RECEIPTS.open(token, session_id)
    return refused.value.reason


def raw(token: str) -> bytes:
    """What is in a token of version 2."""
    return base64.urlsafe_b64decode(token.removeprefix(PREFIX))


def test_a_worth_is_sealed_as_before_there_were_discounts_unless_it_bears_one() -> None:
    """Receipts of before are read; a discount that is none is refused."""
    assert ((120, 399, "EUR", 2), (1, 2, "EUR", 0, 3)) == plain(
        (ItemWorth(120, 399, "EUR", 2), ItemWorth(1, 2, "EUR", 0, 3))
    )
    for said in ([120, 399, "EUR", 2], [120, 399, "EUR", 2, 50]):
        assert (ItemWorth(*said),) == worths_of([said], items=1)  # type: ignore[arg-type]
    short: list[Any] = [1, 2, "EUR", 0]
    for wrong in (short[:3], [*short, -1], [*short, None], [*short, 0.5], [*short, 1, 1]):
        with pytest.raises(ValueError, match="worths"):
            worths_of([wrong], items=1)


def token_of(data: bytes) -> str:
    """The token of version 2 with that in it."""
    return PREFIX + base64.urlsafe_b64encode(data).decode()


@given(RECEIPT)
def test_a_receipt_opens_to_what_was_sealed(receipt: Receipt) -> None:
    """The round trip loses nothing, whatever the names are; and an event has room for it."""
    token = RECEIPTS.seal(receipt)
    opened = RECEIPTS.open(token, receipt.session_id)

    assert receipt[:9] == opened[:9]
    assert opened[9:] in (receipt[9:], ((), (), ()))
    assert len(token) <= 4096


def test_what_the_decision_was_drawn_from_comes_back() -> None:
    """All arms that were on offer; where they are too many for an event, none."""
    arms = tuple(f"arm-{number}" for number in range(5))
    drawn = BREAD._replace(arms=arms, propensities=(0.2,) * 5, estimates=(0.05, 0, 1, 1 / 3, 0.5))
    many = tuple(f"an arm with quite a long name-{number}" for number in range(60))
    crowd = BREAD._replace(arms=many, propensities=(1 / 60,) * 60, estimates=(0.5,) * 60)

    assert drawn == RECEIPTS.open(RECEIPTS.seal(drawn), "s1")
    assert BREAD == RECEIPTS.open(RECEIPTS.seal(crowd), "s1")
    assert len(RECEIPTS.seal(drawn)) <= 640


def test_the_only_arm_on_offer_comes_back() -> None:
    """There was nothing to draw, and that is known."""
    alone = BREAD._replace(arms=("popular",), propensities=(1.0,), estimates=(0.05,))

    assert alone == RECEIPTS.open(RECEIPTS.seal(alone), "s1")


@pytest.mark.parametrize(("number", "told"), [(ARMS_MAX, True), (ARMS_MAX + 1, False)])
def test_so_many_arms_travel_and_with_one_more_none(number: int, told: bool) -> None:
    """Then nobody can say what was drawn from; the prompt comes back all the same."""
    names = tuple(f"a{n}" for n in range(number))
    arms: dict[str, Any] = {
        "arms": names,
        "propensities": (1 / number,) * number,
        "estimates": (0.5,) * number,
    }
    token = RECEIPTS.seal(BREAD._replace(**arms))

    assert BREAD._replace(**arms if told else {}) == RECEIPTS.open(token, "s1")


def test_arms_travel_as_long_as_an_event_has_room_for_them() -> None:
    """To the last byte; with one more none of them does, and the prompt comes back all the same."""
    about = orjson.dumps(("p1", "popular", "basket/new", ("butter", "jam"), ("",)))
    numbers_bytes = 4 * 8 + 1 + 2 * 8
    most = RAW_BYTES_MAX - UNFILLED_BYTES - numbers_bytes - len(about)
    for length, told in ((most, True), (most + 1, False)):
        arms: dict[str, Any] = {
            "arms": ("a" * length,),
            "propensities": (1.0,),
            "estimates": (0.05,),
        }
        token = RECEIPTS.seal(BREAD._replace(**arms))

        assert len(raw(token)) <= RAW_BYTES_MAX
        assert BREAD._replace(**arms if told else {}) == RECEIPTS.open(token, "s1")


def test_a_receipt_without_its_arms_opens() -> None:
    """As they were before arms travelled."""
    sealed = (
        "2.XfwNEMt0uQE_w8WUwucpr0s6dKeEghhn635fRxCsz0Slht7AIXWcFza2kna83LA3UJIH2w3QodGNpV3Ilcj-IS"
        "RvoSJ_Y7-95RgKSyPWEbz24v2xXRomlcenFvD61Cjn7vWvDQT12hHT4SrPHdBbOs5WB2kPzfTikMqtLvUvwtzAJl"
        "3xEgRtP72mpkayebLBwGA09AfTnKIxNnp29SDck4b_R2WW3JYuM1mVWCWM1KmA8XAZFt8WOqQZzen0Q2_s"
    )

    assert BREAD == RECEIPTS.open(sealed, "s1")


@given(RECEIPT)
def test_a_receipt_that_is_sealed_twice_is_the_same(receipt: Receipt) -> None:
    """By another worker as well: an answer that is given again is the same to the byte."""
    assert RECEIPTS.seal(receipt) == Receipts("secret, old").seal(receipt)


@given(RECEIPT, RECEIPT)
def test_a_nonce_is_never_used_for_two_receipts(one: Receipt, other: Receipt) -> None:
    """The same payload in two sessions gets two as well: what is authenticated differs."""
    other = other._replace(session_id="another " + one.session_id)
    in_both = one._replace(session_id=other.session_id)
    seals = {raw(RECEIPTS.seal(each)) for each in (one, other, in_both)}

    assert 2 <= len({seal[KEY_ID_BYTES:NONCE_END] for seal in seals}) == len(seals)


@given(RECEIPT)
def test_nothing_of_a_receipt_can_be_read(receipt: Receipt) -> None:
    """Neither arm nor context is in it, and how long it is tells neither."""
    secretive = receipt._replace(arm="likely-to-churn", context="basket/likely-to-churn")
    sealed = raw(RECEIPTS.seal(secretive))

    assert b"churn" not in sealed
    assert 0 == len(sealed) % BLOCK_BYTES


def test_the_length_of_a_receipt_tells_no_arm() -> None:
    """It is filled up."""
    arms = ("popular", "likely-to-churn", "bought_together", "a")

    assert 1 == len({len(RECEIPTS.seal(BREAD._replace(arm=arm))) for arm in arms})


@given(st.integers(0, len(raw(TOKEN)) - 1), st.integers(0, 7))
def test_one_flipped_bit_is_refused(place: int, bit: int) -> None:
    """No part of a receipt can be changed unnoticed."""
    data = bytearray(raw(TOKEN))
    data[place] ^= 1 << bit

    expected = "receipt_unknown_key" if place < KEY_ID_BYTES else "receipt_forged"
    assert expected == refusal(token_of(bytes(data)))


@given(st.integers(0, len(TOKEN) - 1), st.integers(0, 6))
def test_one_flipped_bit_of_the_text_is_refused(place: int, bit: int) -> None:
    """Nor any character of a token, the version in front included."""
    text = bytearray(TOKEN.encode())
    text[place] ^= 1 << bit

    assert refusal(text.decode()).startswith("receipt_")


@pytest.mark.parametrize("length", range(len(raw(TOKEN))))
def test_a_receipt_that_is_cut_off_is_refused(length: int) -> None:
    """Wherever."""
    assert refusal(token_of(raw(TOKEN)[:length])) in {"receipt_unreadable", "receipt_forged"}


@given(st.text(max_size=200))
def test_nonsense_is_refused_never_crashes(token: str) -> None:
    """Whatever comes back, it is refused with a reason."""
    assert refusal(token) in {"receipt_unreadable", "receipt_forged", "receipt_version"}


@given(st.text(max_size=200))
def test_nonsense_of_our_version_is_refused(text: str) -> None:
    """As well."""
    reasons = {"receipt_unreadable", "receipt_forged", "receipt_unknown_key"}
    assert refusal(PREFIX + text) in reasons


@given(IDS.filter(lambda who: who != "s1"))
def test_another_sessions_receipt_is_refused(session_id: str) -> None:
    """A receipt is good for the session that it was given to."""
    assert "receipt_forged" == refusal(TOKEN, session_id)


# What addresses and cookies do to a token


def test_a_token_needs_no_padding_and_no_escape() -> None:
    """It has only characters that addresses and cookies leave alone."""
    assert re.fullmatch(r"2\.[\w-]+", TOKEN)
    assert TOKEN == quote(TOKEN, safe="")


@pytest.mark.parametrize("token", [TOKEN, VERSION_1[0][2]], ids=["version 2", "version 1"])
@pytest.mark.parametrize(
    "through",
    [
        lambda token: token,
        lambda token: token.rstrip("="),
        lambda token: token.rstrip("=") + "==",
        lambda token: quote(token, safe=""),
        lambda token: token.replace("=", "%3d"),
        lambda token: f'"{token}"',
        lambda token: f" {token} ",
    ],
    ids=["as it is", "stripped", "padded", "escaped", "escaped in lower case", "quoted", "spaced"],
)
def test_a_token_survives_its_way(token: str, through: Any) -> None:
    """Padding stripped, added or escaped; quotes of a cookie."""
    opened = RECEIPTS.open(through(token), "s1")

    assert BREAD[:8] == opened[:8]


# Versions


@pytest.mark.parametrize(("secrets", "receipt", "token"), VERSION_1)
@pytest.mark.parametrize("padding", ["", "="])
def test_what_was_signed_before_still_opens(
    secrets: str, receipt: Receipt, token: str, padding: str
) -> None:
    """To what it meant: it does not expire, because it does not say when."""
    token = token if padding else token.rstrip("=")

    assert receipt == Receipts(secrets).open(token, receipt.session_id)
    assert receipt.expires_at_ms is None


@given(st.integers(0, 1000), st.integers(1, 255))
def test_one_changed_byte_of_version_1_is_a_forgery(place: int, flip: int) -> None:
    """As it was; without the bracket that its list begins with it is no receipt at all."""
    data = bytearray(base64.urlsafe_b64decode(VERSION_1[0][2]))
    place %= len(data)
    data[place] ^= flip
    expected = "receipt_unreadable" if place == SIGNATURE_BYTES else "receipt_forged"

    assert expected == refusal(base64.urlsafe_b64encode(data).decode())


@pytest.mark.parametrize(
    "token", ["abc", "null", "undefined", "x" * 200, "a.b.c", "prompt-7", "!!!"]
)
def test_what_is_no_receipt_at_all_is_not_called_forged(token: str) -> None:
    """Whoever sends a prompt's id need not look for another secret."""
    assert "receipt_unreadable" == refusal(token)


def test_another_sessions_receipt_of_version_1_is_refused() -> None:
    """It can be told from a forged one."""
    assert "receipt_foreign" == refusal(VERSION_1[0][2], "s2")


def signed(payload: bytes) -> str:
    """A token of version 1 that we signed."""
    signature = blake2b(payload, key=secret_keys("secret")[0], digest_size=SIGNATURE_BYTES).digest()
    return base64.urlsafe_b64encode(signature + payload).decode()


def sealed(payload: bytes) -> str:
    """A token of version 2 that we sealed."""
    key = ReceiptKey(secret_keys("secret")[0])
    nonce = key.nonce(payload, b"s1")
    return token_of(key.key_id + nonce + key.cipher.encrypt(nonce, payload, key.header + b"s1"))


def other(**fields: Any) -> tuple[Any, ...]:
    """A receipt of version 1 with another field."""
    return tuple({**BREAD._asdict(), **fields}.values())[:8]


@pytest.mark.parametrize(
    "fields",
    [
        (*BREAD[:8], "of the next version"),
        BREAD[:9],
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
def test_what_is_signed_with_other_fields_is_of_another_version(fields: tuple[Any, ...]) -> None:
    """Signed by us, but not what version 1 was."""
    assert "receipt_version" == refusal(signed(orjson.dumps(fields)))


NUMBERS_OF_BREAD = ReceiptKey(secret_keys("secret")[0]).cipher.decrypt(
    raw(TOKEN)[KEY_ID_BYTES:NONCE_END],
    raw(TOKEN)[NONCE_END:],
    b"\2" + raw(TOKEN)[:KEY_ID_BYTES] + b"s1",
)[:32]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b'{"version": 3}',
        NUMBERS_OF_BREAD,
        NUMBERS_OF_BREAD + b"null",
        NUMBERS_OF_BREAD + b'["p1","popular","basket/new",["butter"],"of the next version"]',
        NUMBERS_OF_BREAD + b'["p1","popular","basket/new"]',
        NUMBERS_OF_BREAD + b'["p1",null,"basket/new",["butter"]]',
        NUMBERS_OF_BREAD + b'["p1","popular","basket/new","butter"]',
        NUMBERS_OF_BREAD + b'["p1","popular","basket/new",[["butter"]]]',
        NUMBERS_OF_BREAD[:16] + b"\0" * 16 + b'["p1","popular","basket/new",["butter"]]',
        NUMBERS_OF_BREAD[:24] + b"\0" * 8 + b'["p1","popular","basket/new",["butter"]]',
    ],
)
def test_what_is_sealed_with_other_fields_is_of_another_version(payload: bytes) -> None:
    """Sealed by us, but not what this version reads: never an exception of another kind."""
    assert "receipt_version" == refusal(sealed(payload))


@pytest.mark.parametrize(
    "vector",
    [
        [["popular"], [0.5, 0.5], [0.1, 0.2]],
        [["popular", "again"], [0.5], [0.1]],
        ["ab", [0.5, 0.5], [0.1, 0.2]],
        [["popular", "again"], "ab", [0.1, 0.2]],
        [["popular", 7], [0.5, 0.5], [0.1, 0.2]],
        [["popular", "again"], [0.5, "x"], [0.1, 0.2]],
        [["popular", "again"], [0.5, 0.5], [0.1, None]],
        [["popular", "again"], [0.5, 0.5]],
        [["popular", "again"], [0.5, 0.5], [0.1, 0.2], [1, 2]],
    ],
)
def test_arms_that_are_none_are_refused(vector: list[Any]) -> None:
    """As many numbers of each kind as arms, or the impression is none."""
    known = [*BREAD[:6], list(BREAD.items), *BREAD[7:9]]
    sound: list[Any] = [["popular", "again"], [0.5, 0.5], [0.1, 0.2]]

    assert tuple(map(tuple, sound)) == receipt_of(known + sound)[9:12]
    with pytest.raises(ValueError, match=r"receipt|zip"):
        receipt_of(known + vector)


@pytest.mark.parametrize("prefix", ["3.", "10.", "0."])
def test_a_receipt_from_the_future_is_of_another_version(prefix: str) -> None:
    """Whatever follows: the next version was rolled back."""
    assert "receipt_version" == refusal(prefix + TOKEN.removeprefix(PREFIX))


@pytest.mark.parametrize("at_ms", [YEAR_2015_MS, YEAR_2100_MS])
def test_a_receipt_may_be_of_the_first_and_of_the_last_moment_that_there_is(at_ms: int) -> None:
    """As events may be."""
    receipts = Receipts("secret")
    bread = BREAD._replace(prompted_at_ms=at_ms, expires_at_ms=at_ms)

    assert bread == receipts.open(receipts.seal(bread), "s1")


@pytest.mark.parametrize("payload", [b"", b"null", b"\x98", b"12345678", b'{"version": 2}'])
def test_what_is_signed_but_no_list_is_refused(payload: bytes) -> None:
    """The next version writes something else."""
    assert "receipt_version" == refusal(signed(payload))


# Secrets


def test_secrets_can_be_changed_in_flight() -> None:
    """The first secret seals, the others are still accepted."""
    old, new = Receipts("old"), Receipts("new, old")

    assert BREAD == new.open(old.seal(BREAD), "s1")
    assert new.seal(BREAD) != old.seal(BREAD)


def test_a_secret_that_is_not_here_is_told_from_a_forgery() -> None:
    """By the id of its key, which both sides can name."""
    old, new = Receipts("old"), Receipts("new, old")
    with pytest.raises(InvalidReceipt, match=new.key_ids[0]) as refused:
        old.open(new.seal(BREAD), "s1")

    assert ("receipt_unknown_key", new.key_ids[0]) == (refused.value.reason, refused.value.key_id)
    assert new.key_ids[1:] == old.key_ids


def test_a_key_id_is_no_hash_that_secrets_can_be_held_against() -> None:
    """It is of the stretched secret: a guess costs what scrypt costs."""
    (secret,) = secret_keys("secret")
    plain = {blake2b(secret).hexdigest(), blake2b(key=secret).hexdigest(), secret.hex()}

    assert 2 * KEY_ID_BYTES == len(RECEIPTS.key_ids[0])
    assert not any(hashed.startswith(RECEIPTS.key_ids[0]) for hashed in plain)


def test_without_a_secret_nothing_starts() -> None:
    """An unsealed installation is refused, with the way out."""
    with pytest.raises(MissingSecret, match="GOESWITH_RECEIPT_SECRET"):
        Receipts(" , ")


def test_a_worth_that_says_nothing_of_a_pair_is_written_as_it_ever_was() -> None:
    """Four fields; with a pair there are three more, and what is none of them is refused."""
    said = 120, 399, "EUR", 2
    assert (said,) == plain((ItemWorth(*said),))
    assert ((*said, 0, 7, 250_000),) == plain((ItemWorth(*said, 0, 7, 250_000),))
    for judged in ((-1, 0), (2**53 + 1, 0), (1, 10**6 + 1), (1, True), (1.0, 0), (1,), (1, 2, 3)):
        with pytest.raises(ValueError, match="worths"):
            worths_of([[*said, 0, *judged]], items=1)
