"""Whose an event is, beside a plain twin: late ones, denials elsewhere, supposed consent."""

from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.contract.events import Event, ItemViewed, ShopperForgotten
from streams.contract.settings import Settings
from streams.shop.memory.session import Session
from streams.shop.people.denials import hashed
from streams.shop.people.identity import Identity
from streams.shop.people.sign_in import SignIn
from tests.stories import NOON_MS, OPEN

NOON_S = NOON_MS // 1000


class Doorman:
    """Who is there, by the rules, in one session; denials are heard of from everywhere."""

    def __init__(self, default: bool) -> None:
        self.default = default
        self.refused = False
        self.there: str | None = None
        self.since_ms = 0
        self.consented = False
        self.denied_s: dict[str, int] = {}
        self.dropped: list[tuple[str, int]] = []
        self.used: str | None = None
        self.adds: str | None = None

    def denies(self, who: str | None, at_ms: int) -> None:
        """The latest denial counts; an earlier one is no news."""
        if who is not None and at_ms // 1000 > self.denied_s.get(who, -1):
            self.denied_s[who] = at_ms // 1000
            self.dropped.append((who, at_ms // 1000))

    def allowed(self, who: str, at_ms: int, said: bool | None) -> bool:
        """By its own word, if it is later than all denials; or supposed of who never denied."""
        if said is None:
            return self.default and not self.refused and who not in self.denied_s
        return said and at_ms // 1000 > self.denied_s.get(who, -1)

    def kept(self) -> bool:
        """Whether who is there may still be known by it."""
        if self.there is None:
            return False
        if self.consented:
            return self.since_ms // 1000 > self.denied_s.get(self.there, -1)
        return self.default and self.there not in self.denied_s

    def sees(self, event: Event) -> None:
        """What follows from an event."""
        at_ms, named, said = event.occurred_at_ms, event.shopper_id, event.consent
        speaks = event.schema_version == 1 or "shopper_id" in event.model_fields_set
        consent = self.default and not self.refused if said is None else said
        self.refused = self.refused if said is None else not said
        forgets = isinstance(event, ShopperForgotten)
        if said is False or forgets:
            self.denies(named if speaks else self.there, at_ms)
        if speaks and at_ms >= self.since_ms and not (forgets and consent):
            now = named if consent else None
            if now is not None or self.there is not None:
                self.there, self.since_ms, self.consented = now, at_ms, said is True
        mine = consent and not forgets
        self.adds = named if mine and named and self.allowed(named, at_ms, said) else None
        who = self.there if mine and (not speaks or named == self.there) else None
        self.used = who if who and self.kept() and self.allowed(who, at_ms, said) else None


class Said(NamedTuple):
    """What an event says, of when; `elsewhere` it is only a denial that is heard of."""

    what: str
    after_ms: int
    version: int
    who: Any
    consent: bool | None

    def event(self, number: int) -> Event:
        """The event, as a sender writes it."""
        said: dict[str, Any] = {
            "event_id": f"e{number}",
            "session_id": "s1",
            "occurred_at_ms": NOON_MS + self.after_ms,
            "schema_version": self.version,
            "consent": self.consent,
        }
        if self.what == "forget":
            return ShopperForgotten(**said, shopper_id="bob" if self.who == "bob" else "ann")
        named = {} if self.who is ... else {"shopper_id": self.who}
        return ItemViewed(**said, **named, item_id="bread")


said = st.builds(
    Said,
    st.sampled_from(("view", "view", "view", "view", "forget", "elsewhere")),
    st.sampled_from((-1_000, 0, 500, 999, 1_000, 2_000, 5_000)),
    st.sampled_from((1, 2)),
    st.sampled_from(("ann", "ann", "bob", None)) | st.just(...),
    st.sampled_from((True, True, None, False)),
)


def met(default: bool) -> tuple[Identity, Session, Doorman, list[tuple[str, int]]]:
    """The one who says it, a session, its twin, and who was dropped up to which second."""
    dropped: list[tuple[str, int]] = []
    identity = Identity(
        Settings(**{**OPEN, "consent_default": default}),
        lambda who, until_s: dropped.append((who, until_s)),
        lambda: ["cleo", "ann", "bob"],
    )
    return identity, Session("s1", NOON_MS, NOON_MS), Doorman(default), dropped


HERS, SUPPOSED = (Said("view", 5_000, 1, "ann", consent) for consent in (True, None))
FIRST, GOES_ON = Said("view", 0, 1, "ann", True), Said("view", 5_000, 2, ..., True)
ELSEWHERE = Said("elsewhere", 2_000, 1, "ann", False)


@settings(max_examples=80)
@example(False, [FIRST, HERS, ELSEWHERE, GOES_ON])
@example(True, [FIRST, SUPPOSED, ELSEWHERE, GOES_ON])
@example(True, [SUPPOSED, HERS, ELSEWHERE, GOES_ON])
@example(False, [HERS, FIRST, ELSEWHERE, GOES_ON])
@given(st.booleans(), st.lists(said, max_size=9))
def test_the_doorman_agrees_whose_each_event_is(default: bool, log: list[Said]) -> None:
    """Whose history it may use, whose it adds to, and what is dropped because of it."""
    identity, session, doorman, dropped = met(default)
    for number, one in enumerate(log):
        event = one.event(number)
        if one.what == "elsewhere":
            who = "bob" if one.who == "bob" else "ann"
            doorman.denied_s[who] = max(event.occurred_at_ms // 1000, doorman.denied_s.get(who, -1))
            identity.denials.note(hashed(who), event.occurred_at_ms)
            continue
        identity.sign(session, event)
        doorman.sees(event)
        assert (doorman.used, doorman.adds) == (session.shopper_id, session.buyer)
        assert doorman.used == identity.shopper_of(session, event) or session.shopper_id is None
        assert (doorman.there if doorman.kept() else None) == identity.kept(session.signed_in)
        assert doorman.refused == session.refused_consent
    assert doorman.dropped == dropped


@pytest.mark.parametrize("who", [None, "ann"])
def test_who_is_known_by_a_hash_alone_is_found_among_those_that_are_remembered(
    who: str | None,
) -> None:
    """The session was kept without the name; what was bought may have been kept with it."""
    identity, session, _, dropped = met(False)
    session.signed_in = SignIn(who, hashed("ann"), NOON_MS, True)
    identity.sign(session, Said("view", 1_000, 2, ..., False).event(0))

    assert [("ann", NOON_S + 1)] == dropped
    assert identity.denials.covers(hashed("ann"), NOON_MS + 1_999)


def test_nobody_is_known_by_the_hash_of_a_stranger() -> None:
    """Who has bought nothing has nothing that could be dropped, and has denied all the same."""
    identity, session, _, dropped = met(False)
    session.signed_in = SignIn(None, hashed("zoe"), NOON_MS, True)
    identity.sign(session, Said("view", 1_000, 2, ..., False).event(0))

    assert [] == dropped
    assert hashed("zoe") in identity.denials
    assert identity.kept(SignIn(None, hashed("cleo"), NOON_MS, True)) is None
    assert identity.kept(SignIn()) is None


@pytest.mark.parametrize(("named", "names"), [("ann", True), (None, False)])
def test_who_is_named_with_consent_would_add_to_a_history(named: Any, names: bool) -> None:
    """Then what is bought is no guest's; without consent it is."""
    identity, session, _, _ = met(False)
    for consent in (True, False, None):
        identity.sign(session, Said("view", 0, 1, named, consent).event(0))

        assert (names and consent is True) == session.names_shopper
