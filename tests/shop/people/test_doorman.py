"""Whose an event is, beside a plain twin: late ones, denials elsewhere, supposed consent."""

import random
from typing import Any, NamedTuple

import pytest

from streams.contract.events import Event, ItemViewed, ShopperForgotten
from streams.contract.settings import Settings
from streams.shop.memory.session import Session
from streams.shop.people.denials import hashed
from streams.shop.people.identity import Identity
from streams.shop.people.sign_in import SignIn, Stay
from tests.stories import NOON_MS, OPEN

NOON_S = NOON_MS // 1000


class Doorman:
    """Who is there, by the rules, in one session; denials are heard of from everywhere."""

    def __init__(self, default: bool) -> None:
        self.default = default
        self.refused = False
        self.said_ms = 0
        self.there: str | None = None
        self.since_ms = 0
        self.came_ms = 0
        self.left: list[tuple[str, int, int]] = []
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

    def was_there(self, at_ms: int) -> str | None:
        """Who was, of those who are there and the latest two of those who have left."""
        there = [] if self.there is None else [(self.there, self.came_ms, at_ms + 1)]
        stays = [*there, *self.left[-2:]]
        return next(
            (who for who, since_ms, until_ms in stays if since_ms <= at_ms < until_ms), None
        )

    def changes(self, now: str | None, at_ms: int) -> None:
        """Somebody else is there, or nobody."""
        if self.there not in (now, None):
            self.left.append((self.there or "", self.came_ms, at_ms))
        if self.there != now:
            self.came_ms = at_ms

    def says_late(self, at_ms: int) -> None:
        """Who is there was so by then; whoever they replaced was not, and comes before them."""
        if not NOON_MS <= at_ms < self.came_ms:
            return
        who, since_ms, until_ms = self.left[-1] if self.left else ("", 0, 0)
        if at_ms >= until_ms:
            self.came_ms = at_ms
        elif until_ms == self.came_ms and since_ms < at_ms:
            self.left[-1] = who, since_ms, at_ms
            self.came_ms = at_ms

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
        forgets = isinstance(event, ShopperForgotten)
        hers = named == self.there
        heard = said is not None and (not forgets or (hers and not said))
        if heard and (at_ms, not said) >= (self.said_ms, self.refused):
            self.refused, self.said_ms = not said, at_ms if self.default else 0
        if said is False or forgets:
            self.denies(named if speaks else self.was_there(at_ms), at_ms)
        if forgets and not hers:  # who is there stays
            self.adds = self.used = None
            return
        if (speaks or said is False) and at_ms >= self.since_ms:
            now = named if consent and not forgets else None
            if now is not None or self.there is not None:
                self.changes(now, at_ms)
                self.there, self.since_ms, self.consented = now, at_ms, said is True
            elif event.schema_version > 1:  # a word that nobody is there
                self.since_ms = at_ms
        elif consent and named and named == self.there and not forgets:
            self.says_late(at_ms)
        mine = consent and not forgets
        self.adds = named if mine and named and self.allowed(named, at_ms, said) else None
        self.used = self.may_use(event) if mine else None

    def may_use(self, event: Event) -> str | None:
        """Whose history an event may use by now, which may be answered late."""
        speaks = event.schema_version == 1 or "shopper_id" in event.model_fields_set
        who = self.there
        if who is None or not self.kept() or (speaks and event.shopper_id != who):
            return None
        return who if self.allowed(who, event.occurred_at_ms, event.consent) else None


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


def any_said(chance: random.Random) -> Said:
    """Anything, at any time, of either shopper, of nobody, or without a word of who it is."""
    return Said(
        chance.choice(("view", "view", "view", "view", "forget", "elsewhere")),
        chance.choice((-1_000, 0, 500, 999, 1_000, 2_000, 5_000)),
        chance.choice((1, 2)),
        chance.choice(("ann", "ann", "bob", None, ...)),
        chance.choice((True, True, None, False)),
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


@pytest.mark.parametrize("default", [False, True])
def test_the_doorman_agrees_whose_each_event_is(default: bool) -> None:
    """Whose history it may use, whose it adds to, and what is dropped because of it."""
    chance = random.Random(19)
    for _ in range(300):
        agree(default, [any_said(chance) for _ in range(10)])


def agree(default: bool, log: list[Said]) -> None:
    """After each event of a session; whoever denies elsewhere is heard of in between."""
    identity, session, doorman, dropped = met(default)
    asked: list[Event] = []
    for number, one in enumerate(log):
        event = one.event(number)
        if one.what == "elsewhere":
            who, at_ms = "bob" if one.who == "bob" else "ann", event.occurred_at_ms
            doorman.denied_s[who] = max(at_ms // 1000, doorman.denied_s.get(who, -1))
            identity.denials.note(hashed(who), at_ms)
            continue
        identity.sign(session, event)
        doorman.sees(event)
        assert (doorman.used, doorman.adds) == (session.shopper_id, session.buyer), log[:number]
        assert (doorman.there if doorman.kept() else None) == identity.kept(session.signed_in), log
        assert doorman.refused == session.refused_consent, log
        asked += [event] if one.what == "view" else []
    for event in asked:
        assert doorman.may_use(event) == identity.shopper_of(session, event), (log, event)
    assert doorman.dropped == dropped, log
    denied = {hashed(who): at_s for who, at_s in doorman.denied_s.items()}
    assert denied == identity.denials.at_s, log


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


def test_who_is_known_by_name_is_dropped_whatever_is_remembered() -> None:
    """An order may have kept the name when the purchases have been forgotten already."""
    dropped: list[tuple[str, int]] = []
    identity = Identity(Settings(**OPEN), lambda *forgotten: dropped.append(forgotten), list)
    session = Session("s1", NOON_MS, NOON_MS)
    identity.sign(session, Said("view", 0, 1, "ann", True).event(0))
    identity.sign(session, Said("view", 1_000, 2, ..., False).event(1))

    assert [("ann", NOON_S + 1)] == dropped


@pytest.mark.parametrize("name", [None, "ann"])
def test_who_signs_out_is_nobody_whether_the_name_was_kept_or_not(name: str | None) -> None:
    """Whoever denies then, without saying who, is not the one who was there."""
    identity, session, _, dropped = met(False)
    session.signed_in = SignIn(name, hashed("ann"), NOON_MS, True)
    for consent in (True, False):
        identity.sign(session, Said("view", 1_000, 2, None, consent).event(0))
    identity.sign(session, Said("view", 2_000, 2, ..., False).event(0))

    assert [] == dropped
    gone = (Stay(hashed("ann"), 0, NOON_MS + 1_000, name),)
    assert SignIn(None, None, NOON_MS + 2_000, True, gone=gone) == session.signed_in


def test_nobody_is_known_by_the_hash_of_a_stranger() -> None:
    """Who has bought nothing has nothing that could be dropped, and has denied all the same."""
    identity, session, _, dropped = met(False)
    session.signed_in = SignIn(None, hashed("zoe"), NOON_MS, True)
    identity.sign(session, Said("view", 1_000, 2, ..., False).event(0))

    assert [] == dropped
    assert hashed("zoe") in identity.denials
    assert identity.kept(SignIn(None, hashed("cleo"), NOON_MS, True)) is None
    assert identity.kept(SignIn()) is None


def test_a_sign_in_that_a_setting_supposed_is_none_when_the_setting_denies() -> None:
    """By now, or by a restart: whoever answers an event of before uses nothing of it."""
    event = Said("view", 0, 1, "ann", True).event(0)
    for default in (True, False):
        identity, session, _, _ = met(default)
        session.signed_in = SignIn("ann", hashed("ann"), NOON_MS, False)

        assert ("ann" if default else None) == identity.shopper_of(session, event)
        assert ("ann" if default else None) == identity.kept(session.signed_in)


@pytest.mark.parametrize(("named", "names"), [("ann", True), (None, False)])
def test_who_is_named_with_consent_would_add_to_a_history(named: Any, names: bool) -> None:
    """Then what is bought is no guest's; without consent it is."""
    identity, session, _, _ = met(False)
    for consent in (True, False, None):
        identity.sign(session, Said("view", 0, 1, named, consent).event(0))

        assert (names and consent is True) == session.names_shopper
