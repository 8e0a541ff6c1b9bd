"""Whose an event is: whose history it may use, and whose it adds to.

```
t1 shopper_id ann, consent      the session is hers: her history is used, and added to
t2 (does not say who), consent  still hers: her history is used; only what names her adds to it
t3 shopper_id null, consent     nobody's: nothing of hers is used
t4 shopper_id bob, no consent   nobody's
t5 (elsewhere) ann is forgotten what was kept by her until t5 is gone, in all sessions
t6 (does not say who), no       nobody's: a denial signs out who is there
```

What came back, or who is forgotten, names whose that is: told by a shop's server, in whichever
session, it signs nobody in or out, but for who denies by it and is there. An order names who is
there, unless it was placed before the visit: a server tells some of them late. Nor is anybody there
by what is older than the visit by more than a pause.

That depends on the event, on who is signed in, and on the latest *denial* of the shopper:
`consent: false` or `shopper_forgotten`. Denials come on any partition, before or after what they
deny. So that all workers agree in the end, a denial counts by its own time: what names a shopper
adds to her history if it happened later than her latest denial, and when one comes, what was added
up to its time is taken back. That a session goes on is no new consent: else it would matter which
came first, a denial elsewhere or the next event here.

Who has denied is remembered again by events that name the shopper and say `consent: true`; what the
setting supposes of events that do not say is not enough then. So a denial takes back all that was
only supposed, later than itself as well: it may have been read before.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Protocol, TypeVar

from streams.contract.events import TOLD_OF_SOMEBODY, Event, OrderPlaced, ShopperForgotten
from streams.contract.settings import Settings
from streams.shop.people.denials import Denials, hashed
from streams.shop.people.shoppers import Noted, note_shopper
from streams.shop.people.sign_in import SignIn
from streams.shop.people.ties import NO_TIES, named


class ToldBasket(Protocol):
    """What a basket has taught, as far as it matters who is there."""

    cart: str | None
    """None: all that is in it was not told yet, with those there who are there now."""


class SeenEvents(Protocol):
    """The events that a session has seen."""

    @property
    def noted(self) -> int:
        """How many."""


class Signed(Noted, Protocol):
    """What a session knows of who is there."""

    started_ms: int
    """When this visit began."""
    refused_consent: bool
    """Whether the latest word on consent in this session was no."""
    consent_ms: int
    """When that was said, where consent is supposed."""
    of_before: bool
    """Whether the latest event is of somebody who has left since."""
    shopper_id: str | None
    """Whose history may be used by the latest event."""
    buyer: str | None
    """Whose history the latest event adds to: a shopper whom it names."""
    names_shopper: bool
    """Whether it would add to somebody's, if nobody had denied."""

    @property
    def seen(self) -> SeenEvents:
        """Its events."""

    @property
    def impressions(self) -> Mapping[str, object]:
        """Its prompts."""

    @property
    def taught(self) -> ToldBasket:
        """What its basket has taught."""

    @property
    def parted_ms(self) -> int:
        """When somebody left who was known."""

    def part(self, at_ms: int) -> None:
        """Somebody has left who was known."""


S = TypeVar("S", bound=Signed)


class Identity:
    """Says whose an event is, by what it says, its session, and what was denied."""

    def __init__(
        self,
        settings: Settings,
        forget: Callable[[str, int], None],
        remembered: Callable[[], Iterable[str]],
    ) -> None:
        """`forget` drops what is kept by a shopper up to a second, `remembered` says by whom."""
        self.forget = forget
        self.remembered = remembered
        self.consent_default = settings.consent_default
        self._gap_ms = 1000 * settings.session_gap_s
        self.denials = Denials(settings.shoppers_max)

    def sign(self, session: Signed, event: Event) -> None:
        """Note who is signed in, and whose this event is; one of before signs nobody in or out.

        What was kept by a shopper who denies is dropped.
        """
        if type(event) in TOLD_OF_SOMEBODY:
            self._hear_of(session, event)
            return
        consent, at_ms = event.consent, event.occurred_at_ms
        consented = consent is True
        if consent is None:
            consent = self.consent_default and not session.refused_consent
        else:
            self._note_consent(session, at_ms, consent=consent)
        if not consent:
            self._sign_nobody(session, event)
            return
        named, before = event.shopper_id, session.signed_in
        session.names_shopper = named is not None
        if named is not None and named == before.shopper_id:  # as nearly always: as before
            if at_ms >= before.at_ms:
                before.at_ms, before.consented = at_ms, consented
            else:
                before.came_by(at_ms, session.started_ms)
            session.of_before = at_ms < session.parted_ms  # as below, by whoever is signed in
        else:
            if named is not None or before.hash is not None or event.schema_version > 1:
                self._sign_in(session, event, named)
            session.of_before = self.of_before(session, event)
        denied = self.denials.at_s
        if named == before.shopper_id and not (denied and before.hash in denied):
            session.buyer = session.shopper_id = named
        else:
            session.shopper_id = self.shopper_of(session, event)
            session.buyer = named if named and self._allows(session, event, named) else None

    def _note_consent(self, session: Signed, at_ms: int, *, consent: bool) -> None:
        """The latest word counts; of two at once the refusal. It matters where yes is supposed."""
        if at_ms > session.consent_ms or (at_ms == session.consent_ms and not consent):
            session.refused_consent = not consent
            if self.consent_default:
                session.consent_ms = at_ms

    def deny(self, session: Signed, event: Event) -> None:
        """What an event denies that may be a repeat: that is the same, however often it comes."""
        at_ms = event.occurred_at_ms
        signs_out = at_ms > session.signed_in.at_ms  # later than what was read by then
        if type(event) in TOLD_OF_SOMEBODY:
            self._hear_of(session, event, signs_out=signs_out)
        elif event.consent is False:
            if self.consent_default:
                self._note_consent(session, at_ms, consent=False)
            self._sign_nobody(session, event, signs_out=signs_out)

    def _hear_of(self, session: Signed, event: Event, *, signs_out: bool = True) -> None:
        """An event says whose an order was, or who is forgotten; who is there stays, if not denied.

        One that names nobody denies nothing: a server knows not who is there.
        """
        session.shopper_id = session.buyer = None
        session.names_shopper = False
        if not (event.consent is False or type(event) is ShopperForgotten):
            return
        if (who := named(event)) is None:
            return
        if who == session.signed_in.hash:
            if event.consent is False:
                self._note_consent(session, event.occurred_at_ms, consent=False)
            self._sign_nobody(session, event, signs_out=signs_out)
            return
        if who == session.ties.whose:
            session.ties = session.ties.signed(event, None)
        self._deny(session, event)

    def of_before(self, session: Signed, event: Event) -> bool:
        """Whether an event is of somebody who has left since: it speaks for no prompt."""
        at_ms, signed_in = event.occurred_at_ms, session.signed_in
        if at_ms < session.parted_ms:
            return True
        who = event.shopper_id
        if at_ms >= signed_in.at_ms or who is None or who == signed_in.shopper_id:
            return False
        consents = self.consent_default if event.consent is None else event.consent
        return consents and hashed(who) != signed_in.hash

    def seen_by(self, session: S, event: Event) -> S:
        """The session as this event may see it, by whoever is there, and was then."""
        who, before = self.shopper_of(session, event), self.of_before(session, event)
        if who == session.shopper_id and before == session.of_before:
            return session
        return replace(session, shopper_id=who, of_before=before)  # type: ignore[type-var]

    def _sign_nobody(self, session: Signed, event: Event, *, signs_out: bool = True) -> None:
        """The event is nobody's; what was kept by a shopper who denies by it is dropped."""
        session.shopper_id = session.buyer = None
        session.names_shopper = False
        if event.consent is False or isinstance(event, ShopperForgotten):
            self._deny(session, event)
        if session.ties.visitor is not None and event.shopper_id is not None:
            session.ties = session.ties.signed(event, None)
        session.signed_in.nobody_began()
        if signs_out and (session.signed_in.hash is not None or event.schema_version > 1):
            self._sign_in(session, event, None)
        session.of_before = self.of_before(session, event)

    def _sign_in(self, session: Signed, event: Event, who: str | None) -> None:
        """What the event itself says: denials may come later, and count whenever they come."""
        at_ms, before = event.occurred_at_ms, session.signed_in
        says = event.says_who or event.consent is False
        early_ms = 0 if type(event) is OrderPlaced else self._gap_ms  # it may begin a visit, late
        says = says and at_ms + early_ms >= session.started_ms
        if says and at_ms >= before.at_ms:
            was = before.hash
            first = session.seen.noted == 1
            since_ms = 0 if first else before.begins(at_ms, session.started_ms)
            if before.becomes(who, at_ms, since_ms):
                session.taught.cart = None
                if was is not None:
                    session.part(at_ms)
                if session.impressions or session.ties != NO_TIES:
                    self._tie(session, event)
            before.at_ms = at_ms
            if who is not None or was is not None:
                before.consented = event.consent is True
        elif who is not None and hashed(who) == before.hash:
            before.came_by(at_ms, session.started_ms)

    def _tie(self, session: Signed, event: Event) -> None:
        """Who goes on from a session, and by whom it is noted, depends on who is signed in.

        The hash tells that: a denial elsewhere may have had one of us forget the name.
        """
        if session.ties.visitor is not None:
            session.ties = session.ties.signed(event, session.signed_in.hash)
        note_shopper(session)

    def _deny(self, session: Signed, event: Event) -> None:
        """Drop what is kept by the shopper who denies by this event."""
        shopper_id = event.shopper_id
        if shopper_id is not None:
            who: str | None = hashed(shopper_id)
        elif event.says_who:  # that it is nobody who denies
            return
        else:
            who, shopper_id = session.signed_in.who_at(event.occurred_at_ms)
        if who is not None:
            session.order_memory.shoppers.denied(who, event.occurred_at_ms)
        if who is not None and self.denials.note(who, event.occurred_at_ms):
            for name in self._names(who, shopper_id):
                self.forget(name, event.occurred_at_ms // 1000)

    def shopper_of(self, session: Signed, event: Event) -> str | None:
        """Whose history an event may use: the shopper's who is signed in, if nothing denies it."""
        who, signed_in = event.shopper_id, session.signed_in
        same = event.consent and who and signed_in.consented and who == signed_in.shopper_id
        denied = self.denials.at_s
        if same and not (denied and signed_in.hash in denied):  # as nearly always
            return who
        who = signed_in.shopper_id
        if who is None or (event.says_who and event.shopper_id != who):
            return None
        if self.kept(signed_in) is None or not self._allows(session, event, who):
            return None
        return who

    def _allows(self, session: Signed, event: Event, shopper_id: str) -> bool:
        """Whether this event may be remembered by a shopper."""
        if event.consent is None:
            supposed = self.consent_default and not session.refused_consent
            return supposed and hashed(shopper_id) not in self.denials
        return event.consent and not self.denials.covers(hashed(shopper_id), event.occurred_at_ms)

    def kept(self, signed_in: SignIn) -> str | None:
        """The shopper of a sign-in, if that may be kept by now."""
        who, denials = signed_in.hash, self.denials
        if who is None:
            return None
        if signed_in.consented:
            denied = denials.covers(who, signed_in.at_ms)
        else:
            denied = not self.consent_default or who in denials
        return None if denied else signed_in.shopper_id

    def _names(self, who: str, shopper_id: str | None) -> Iterable[str]:
        """The shopper whose hash this is: known, or looked for where only the hash was kept."""
        if shopper_id is not None:
            return [shopper_id]
        return [name for name in self.remembered() if hashed(name) == who]
