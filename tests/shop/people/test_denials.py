"""Who does not want to be remembered: the latest word of each, read again or refused."""

from itertools import permutations
from typing import Any

import pytest

from models.decay.eviction import slab
from streams.contract.receipts import YEAR_2100_MS
from streams.shop.people.denials import Denials, hashed
from streams.shop.people.sign_in import SignIn, read
from tests.stories import NOON_MS

ANN, BOB = hashed("ann"), hashed("bob")
NOON_S = NOON_MS // 1000


def denied(*said: tuple[str, int], shoppers_max: int = 8) -> Denials:
    """Who denied when, in seconds after noon."""
    denials = Denials(shoppers_max)
    for who, after_s in said:
        denials.note(who, NOON_MS + after_s * 1000)
    return denials


def test_the_latest_denial_counts_in_whichever_order_they_come() -> None:
    """To the second: what happens in it is denied, what happens in the next one is not."""
    for said in permutations([(ANN, 0), (ANN, 3), (ANN, 1), (BOB, 9)]):
        denials = denied(*said)

        assert 2 == len(denials)
        assert denials.covers(ANN, NOON_MS + 3_999)
        assert not denials.covers(ANN, NOON_MS + 4_000)


def test_a_denial_is_news_if_it_is_later_than_what_is_known() -> None:
    """Nobody drops the same history twice."""
    denials = denied()
    times_ms = (NOON_MS, NOON_MS + 999, NOON_MS - 1, NOON_MS + 1_000)

    assert [True, False, False, True] == [denials.note(ANN, at_ms) for at_ms in times_ms]
    assert not denials.covers(BOB, 0)


def test_a_denial_at_the_beginning_of_time_is_one() -> None:
    """As a clock that was never set tells it."""
    denials = Denials(8)

    assert denials.note(ANN, 0)
    assert denials.covers(ANN, 999)


def test_as_many_denials_as_there_is_room_for_are_kept() -> None:
    """One more, and the earliest leave, some at once; that they did is never forgotten."""
    denials = denied(*((hashed(str(n)), n) for n in range(32)), shoppers_max=32)
    assert (32, False) == (len(denials), denials.full)
    denials.note(ANN, NOON_MS + 99_000)

    assert (33 - slab(32), True) == (len(denials), denials.full)
    assert ANN in denials
    assert hashed("31") in denials
    assert hashed("0") not in denials


@pytest.mark.parametrize("full", [True, False])
def test_denials_go_on_from_their_state(full: bool) -> None:
    """With whether one ever had to leave; it is a copy."""
    denials, again = denied((ANN, 0), (BOB, 7)), Denials(8)
    denials.full = full
    again.restore(denials.state())
    assert denials.state() == again.state() == [full, {ANN: NOON_S, BOB: NOON_S + 7}]
    denials.note(ANN, NOON_MS + 60_000)

    assert not again.covers(ANN, NOON_MS + 60_000)


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [1, {}],
        [None, {}],
        [False, {7: NOON_S}],
        [False, {ANN: None}],
        [False, {ANN: "noon"}],
        [False, {ANN: -1}],
        [False, {ANN: YEAR_2100_MS // 1000 + 1}],
    ],
)
def test_denials_that_are_none_are_refused(wrong: list[Any]) -> None:
    """Rather than that somebody is remembered against their will, or nobody ever."""
    with pytest.raises((TypeError, ValueError)):
        Denials(8).restore(wrong)


@pytest.mark.parametrize("at_s", [0, YEAR_2100_MS // 1000])
def test_the_first_and_the_last_second_that_may_be_are_sound(at_s: int) -> None:
    """All clocks are within them."""
    denials = Denials(8)
    denials.restore([False, {ANN: at_s}])

    assert {ANN: at_s} == denials.at_s


@pytest.mark.parametrize("at_ms", [0, NOON_MS, YEAR_2100_MS])
@pytest.mark.parametrize("consented", [True, False])
@pytest.mark.parametrize("refused", [True, False])
def test_a_sign_in_is_read_as_it_was_kept(at_ms: int, consented: bool, refused: bool) -> None:
    """With its shopper, or by the hash alone where the id may not be kept; or of nobody."""
    for kept, who in (("ann", ANN), (None, ANN), (None, None)):
        signed_in = SignIn(kept, None if kept else who, at_ms, consented)

        assert who == signed_in.hash
        assert (signed_in, refused) == read([*signed_in.state(kept), refused], NOON_MS)


def test_a_shopper_beside_the_hash_of_another_is_no_sign_in() -> None:
    """Whoever denies would be told apart by the wrong one."""
    with pytest.raises(ValueError, match="another"):
        SignIn.from_state(["bob", ANN, NOON_MS, True])


@pytest.mark.parametrize(("kept", "who"), [("ann", ANN), (None, None)])
def test_a_sign_in_of_before_consent_was_noted_is_of_the_sessions_latest_event(
    kept: str | None, who: str | None
) -> None:
    """Whether consent was given is not known: it was not refused."""
    signed_in, refused = read(kept, NOON_MS)
    assert (SignIn(kept, None, NOON_MS, False), False) == (signed_in, refused)
    assert who == signed_in.hash


@pytest.mark.parametrize(
    "wrong",
    [
        [7, ANN, 0, True, False],
        ["ann", 7, 0, True, False],
        ["ann", ANN, -1, True, False],
        ["ann", ANN, YEAR_2100_MS + 1, True, False],
        ["ann", ANN, None, True, False],
        ["ann", ANN, 0, 1, False],
        ["ann", ANN, 0, True, 0],
        ["ann", ANN, 0, True, None],
        ["ann", ANN, 0, True],
    ],
)
def test_a_sign_in_that_is_none_is_refused(wrong: list[Any]) -> None:
    """Whatever of it is wrong."""
    with pytest.raises((TypeError, ValueError)):
        read(wrong, NOON_MS)
