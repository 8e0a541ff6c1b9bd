"""Drafts: what a source says, made events of the contract, or said to be left out and why.

A source reads its own format and says what it found; here it is decided, for all of them alike,
what becomes of ids, consent, times and limits. Nothing a source says can raise anything but
`Unreadable`, which ends the record, and `TooManyEntries`, where its reader has set a bound; all
else that is wrong leaves out one event, or one item.

Consent that is denied leaves out who it is: neither the shopper's id nor the browser's goes on. A
session that is named after the shopper or the browser goes by a hash, with consent and without: so
a denial is of the session that it is about, and names nobody.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from streams.contract.errors import InvalidEvent
from streams.contract.events import Event, encode
from streams.contract.events.codec import event_of
from streams.contract.events.fields import pseudonym
from streams.contract.events.nobody import nobody_ids, refuse_nobodys
from streams.contract.settings import Settings
from streams.storefront.intake.values.identifiers import (
    CHARS_MAX,
    digest,
    fitting,
    identifier,
    session_name,
)
from streams.storefront.intake.values.looking import text
from streams.storefront.intake.values.robots import is_robot
from streams.storefront.intake.values.times import When

EVENTS_MAX = 5_000
"""Of one record: more than any source sends at a time."""
REJECTIONS_MAX = 100
"""So many are told of one record; the others are counted."""
OF_LINES = ("no_item_id", "item_id", "quantity")  # rejections of a line as a whole
NAME_CHARS_MAX = 64
LOCALE_CHARS_MAX = 16
UNSAID = object()
"""A shopper's id that a source does not say, neither that there is none."""


class Unreadable(InvalidEvent):
    """A foreign record of which nothing can be used."""


class TooManyEntries(InvalidEvent):
    """A foreign record of which more would become than its reader has allowed."""


class Rejection(NamedTuple):
    """Something of a record that is left out: all of it, an event, or an item."""

    place: str
    """Where it is in the record, such as `events.3.items.1`; empty: all of the record."""
    reason: str
    """A short, stable word."""
    message: str


class PlacedEvent(NamedTuple):
    """An event, and where in its record it was found."""

    place: str
    event: Event


class Intake(NamedTuple):
    """What became of a record."""

    events: tuple[Event, ...]
    """In the record's order."""
    rejections: tuple[Rejection, ...]
    ignored: Mapping[str, int]
    """What is of no use to us, by the source's own name for it, and how often it came."""
    told: tuple[PlacedEvent | Rejection, ...] = ()
    """Events and rejections as one list, in the record's order."""


class Who(NamedTuple):
    """Whose visit it is, as the source says: raw values."""

    session: Any = None
    visitor: Any = None
    shopper: Any = UNSAID
    consent: bool | None = None
    locale: Any = None
    joined: Any = None
    """A cart, a checkout or an order: it stands in for a session that nobody says."""


class Drafts:
    """Collects what becomes of one record; `session_id`, where it is known, beats all others."""

    def __init__(
        self,
        settings: Settings,
        received_at_ms: int | None = None,
        session_id: str | None = None,
        logged_at_ms: int | None = None,
        entries_max: int | None = None,
    ) -> None:
        self.settings = settings
        self.received_at_ms = received_at_ms
        self._session_id = session_id
        self._logged_at_ms = logged_at_ms
        self._entries_max = entries_max
        self._entries = 0
        self._nobody = nobody_ids(settings.nobody_ids)
        self._events: list[Event] = []
        self._rejections: list[Rejection] = []
        self._told: list[PlacedEvent | Rejection] = []
        self._untold = 0
        self._ignored: Counter[str] = Counter()
        self._alike: Counter[str] = Counter()

    def intake(self) -> Intake:
        """What has become of the record."""
        more = f"{self._untold:,} more of it is left out"
        untold = (Rejection("", "more", more),) if self._untold else ()
        return Intake(
            tuple(self._events),
            (*self._rejections, *untold),
            dict(self._ignored),
            (*self._told, *untold),
        )

    def count(self) -> None:
        """One entry more, whatever becomes of it; raises `TooManyEntries` beyond the bound."""
        self._entries += 1
        if self._entries_max is not None and self._entries > self._entries_max:
            said = f"more than {self._entries_max:,} events and other entries come of it"
            raise TooManyEntries("too_many_events", said)

    def ignore(self, name: Any) -> None:
        """Count something that is of no use to us."""
        self.count()
        self._ignored[(text(name) or "(no name)")[:NAME_CHARS_MAX]] += 1

    def reject(self, place: str, reason: str, message: str) -> None:
        """Leave something out, and say so."""
        self.count()
        if len(self._rejections) < REJECTIONS_MAX:
            rejection = Rejection(place, reason, message)
            self._rejections.append(rejection)
            self._told.append(rejection)
        else:
            self._untold += 1

    def robot(self, user_agent: Any) -> bool:
        """Whether this is a robot's, by its own word: then it is ignored, and counted."""
        if is_robot(user_agent):
            self.ignore("robot")
            return True
        return False

    def made_id(self, *parts: Any, when: When | None = None) -> str:
        """An id for what has none: of its content, and of how often that came in this record.

        Where it says no time (`when`) also of when a log got it: put in, taken out and put in again
        is three events.
        """
        if when is not None and when.occurred_at_ms is None and self._logged_at_ms is not None:
            parts = (*parts, self._logged_at_ms)
        made = digest(*parts)
        self._alike[made] += 1
        again = self._alike[made]
        return made if again == 1 else f"{made}~{again}"

    def shopper(self, said: Any) -> str | None:
        """Who is signed in; None: nobody, in any of the words for that."""
        shopper = identifier(said, self._nobody)
        return fitting(pseudonym(shopper)) if shopper else None

    def session(self, who: Who) -> str | None:
        """The session that is known or said, else the browser, the cart, or the shopper."""
        if self._session_id is not None:
            return self._session_id
        words = (who.session, who.visitor, who.joined)
        said = next(filter(None, (identifier(one, self._nobody) for one in words)), None)
        if said is None and who.consent is not False and who.shopper is not UNSAID:
            shopper = self.shopper(who.shopper)
            said = f"shopper-{digest(shopper)}" if shopper else None
        if said and (self._is_person(said, who) or self._is_browser(said, who)):
            said = session_name(said)
        return fitting(said) if said else None

    def _is_person(self, session: str, who: Who) -> bool:
        """Whether a session is named after the shopper, by id or by address.

        Consent does not matter: a denial has to be one of the session that it is about.
        """
        shopper = identifier(who.shopper, self._nobody)
        ids = (session, identifier(who.visitor, self._nobody))
        return "@" in session or (shopper is not None and shopper in ids)

    def _is_browser(self, session: str, who: Who) -> bool:
        """Whether a session is named after the browser: by its id, or by that and a number."""
        browser = identifier(who.visitor, self._nobody)
        return browser is not None and (session == browser or session.startswith(f"{browser}."))

    def event(
        self, place: str, kind: str, event_id: str, who: Who, when: When, **fields: Any
    ) -> None:
        """Make an event of what was found at this place, or reject it."""
        if len(self._events) == EVENTS_MAX:
            self.reject(place, "too_many", f"a record has at most {EVENTS_MAX:,} events")
            return
        at_ms = None if when.unread else when.occurred_at_ms or self.received_at_ms
        session_id = self.session(who)
        if at_ms is None or session_id is None:
            lacks = when.lacks if at_ms is None else "it has not a session, nor a browser's id"
            self.reject(place, "no_time" if at_ms is None else "no_session", lacks)
            return
        said: dict[str, Any] = {
            "type": kind,
            "schema_version": 2,
            "event_id": fitting(event_id),
            "session_id": session_id,
            "occurred_at_ms": at_ms,
            "sent_at_ms": when.sent_at_ms if when.occurred_at_ms else None,
            "consent": who.consent,
            "locale": self._locale(who.locale),
            **fields,
        }
        said = {name: value for name, value in said.items() if value is not None}
        self._take(place, said | self._identity(who, kind))

    def _identity(self, who: Who, kind: str) -> dict[str, Any]:
        """The ids of browser and shopper; none of them where consent is denied."""
        if who.consent is False or kind == "shopper_forgotten":
            return {}
        visitor = identifier(who.visitor, self._nobody)
        ids: dict[str, Any] = {"visitor_id": fitting(pseudonym(visitor))} if visitor else {}
        if who.shopper is not UNSAID:
            ids["shopper_id"] = self.shopper(who.shopper)
        return ids

    def _locale(self, said: Any) -> str | None:
        locale = text(said)
        return locale if locale and len(locale) <= LOCALE_CHARS_MAX else None

    def _take(self, place: str, said: dict[str, Any]) -> None:
        try:
            event = event_of(said)
            refuse_nobodys(event, self._nobody)
        except ValidationError as invalid:
            lost = self._lost_line(place) if said.get("lines") == [] else ""
            self.reject(place, "invalid_event", lost or _explained(invalid))
            return
        except InvalidEvent as refused:
            self.reject(place, refused.reason, str(refused))
            return
        if (size := len(encode(event))) > (most := self.settings.event_bytes_max):
            self.reject(place, "oversize", f"{size} bytes are more than event_bytes_max={most}")
            return
        self.count()
        self._events.append(event)
        self._told.append(PlacedEvent(place, event))

    def _lost_line(self, place: str) -> str:
        """Why there are no lines, by the first that was sent and left out; empty: none was."""
        within = f"{place}." if place else ""
        for one in self._rejections:
            if one.reason in OF_LINES and one.place.startswith(within):
                return f"lines: none can be used; {one.place}: {one.message}"
        return ""


def _explained(invalid: ValidationError) -> str:
    """Which fields are wrong and why, without what was sent."""
    errors = invalid.errors(include_url=False, include_context=False, include_input=False)
    said = [f"{'.'.join(map(str, one['loc'][1:])) or 'event'}: {one['msg']}" for one in errors[:5]]
    told = "; ".join(said).replace("Tuple should", "List should").replace(" after validation", "")
    return told[:500]


def placed(place: str, *more: object) -> str:
    """A place within a place.

    >>> placed("", "events", 3), placed("events.3", "items", 0)
    ('events.3', 'events.3.items.0')
    """
    return ".".join(filter(None, (place, *map(str, more))))


def numbered(event_id: str, index: int) -> str:
    """The id of one of several events that a source had as one: the first keeps its id.

    >>> numbered("m-1", 0), numbered("m-1", 2)
    ('m-1', 'm-1#2')
    """
    if not index:
        return event_id
    end = f"#{index}"
    return (event_id if len(event_id) + len(end) <= CHARS_MAX else digest(event_id)) + end
