"""The fields of events: their types and limits, and what every event carries.

Times are milliseconds since 1970 (`…_ms`), money is in minor units of its currency (cents), as ISO
4217 has them: see `streams.contract.events.currencies`.
"""

import json
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from streams.contract.receipts import YEAR_2015_MS, YEAR_2100_MS

LINES_MAX = 2_000
"""Lines of an order, a return or a basket. `event_bytes_max` bounds them as well."""
QUANTITY_MAX = 1_000_000
"""A tonne, for who counts in grams."""
ADDRESS = "address-"
"""What the pseudonym of an e-mail address begins with."""
ADDRESS_CHARS = 24
"""Of the digest that stands for an e-mail address."""
PRICE_MINOR_MAX = 10**15
"""Ten trillion rupiah, which are counted in hundredths of one."""

Id = Annotated[str, Field(min_length=1, max_length=128)]
TrimmedId = Annotated[
    str, StringConstraints(strip_whitespace=True), Field(min_length=1, max_length=128)
]
"""Of a person, a browser or an order, who are told by several senders: blanks around it, such as a
table's or a form's, make nobody else of it. Not so a session, which is the record's key as it is
sent, an event, which is its sender's alone, and an item, which goes back to the shop as it came."""
TimeMs = Annotated[int, Field(ge=YEAR_2015_MS, le=YEAR_2100_MS)]
Quantity = Annotated[int, Field(ge=1, le=QUANTITY_MAX)]
PriceMinor = Annotated[int, Field(ge=0, le=PRICE_MINOR_MAX)]
MarginMinor = Annotated[int, Field(ge=-PRICE_MINOR_MAX, le=PRICE_MINOR_MAX)]
CATEGORY_MAX = 128
"""Characters of a category; a longer one is none."""
Category = Annotated[str, Field(min_length=1, max_length=CATEGORY_MAX)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
LOCALE_MAX = 16
"""Characters of a language tag: those of longer ones that are whole words are read."""
Receipt = Annotated[str, Field(min_length=1, max_length=4096)]
POINTS_MAX = 10**12
"""Loyalty points of one shopper: a large account in points of a thousandth of a cent."""
_REFUSALS = ("denied", "declined", "refused", "rejected", "revoked", "withdrawn")
DENIALS = frozenset((*_REFUSALS, "no", "n", "false", "off", "0"))
"""What else than false says that a shopper's history may not be used, in small letters."""
Balance = Annotated[int, Field(ge=-POINTS_MAX, le=POINTS_MAX)]


def as_balance(said: Any) -> int | None:
    """A balance as it was meant; None: it is none, and costs nobody more than itself.

    >>> [as_balance(said) for said in (80, 80.0, 80.5, "80", True, 1e300, float("nan"))]
    [80, 80, None, None, None, None, None]
    """
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    if not -POINTS_MAX <= said <= POINTS_MAX or said != int(said):
        return None
    return int(said)


def is_denial(said: Any) -> bool:
    """Whether this is a no to consent, in one of these words; of a yes no word is guessed.

    >>> [is_denial(said) for said in (False, 0, 0.0, " Denied", "N", "true", 1, None, [])]
    [True, True, True, True, True, False, False, False, False]
    """
    if isinstance(said, int | float):
        return said == 0
    return isinstance(said, str) and said.strip().lower() in DENIALS


def identity_of(session_id: str, event_id: str) -> str:
    """What tells an event from all others: an id is the sender's, and good for a session only.

    As text, one for each pair: no session can be made up that ends as another's event begins.

    >>> identity_of("session-7", "12"), identity_of("session-71", "2")
    ('9 session-712', '10 session-712')
    """
    return f"{len(session_id)} {session_id}{event_id}"


def pseudonym(shopper: str) -> str:
    """Who is meant: by the id as said, unless that is an e-mail address, which intake hashes so.

    >>> pseudonym("u-19"), pseudonym("Ann@example.org") == pseudonym("ann@example.org")
    ('u-19', True)
    """
    if "@" not in shopper:
        return shopper
    said = json.dumps([shopper.strip().lower()], separators=(",", ":"))
    return f"{ADDRESS}{sha256(said.encode()).hexdigest()[:ADDRESS_CHARS]}"


class EventBase(BaseModel):
    """What every event carries: the base class of all events."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", allow_inf_nan=False, strict=True, use_attribute_docstrings=True
    )

    schema_version: Literal[1, 2] = 1
    """Version of this contract. Only events of version 2 can say that somebody signed out."""
    event_id: Id
    """The sender's own id of this event: a second one of its session with it changes nothing."""
    session_id: Id
    """One visitor's visit; also the key of the record."""
    visitor_id: TrimmedId | None = None
    """The browser or device: a first-party id that outlives visits and sign-ins."""
    shopper_id: TrimmedId | None = None
    """Who is signed in: a pseudonym, never a name or an address; null: nobody. In version 2, an
    event that leaves it out does not say: the session goes on as it was."""
    occurred_at_ms: TimeMs
    """When it happened, in milliseconds since 1970."""
    sent_at_ms: TimeMs | None = None
    """When it was sent, by the same clock as `occurred_at_ms`: tells how wrong that clock is."""
    consent: bool | None = None
    """True: the shopper's history is used, and added to. False: what is kept of it is dropped. Left
    out: `GOESWITH_CONSENT_DEFAULT` decides, by default against it."""
    segment: Annotated[str, Field(min_length=1, max_length=32)] | None = None
    """The merchant's segment of this shopper. As a context one not in `GOESWITH_SEGMENTS` counts as
    none; for whom an item or points are goes by any."""
    points_balance: Balance | None = None
    """How many points of the loyalty programme this shopper has by now, below 0 where they owe
    some. Said to them alone, where they are signed in and consent; it is folded nowhere, and in the
    memory of a worker no longer than its prompt may be on a screen."""
    locale: Annotated[str, Field(min_length=1, max_length=LOCALE_MAX)] | None = None
    """Language tag, such as `en-GB` or `de_AT`; all others get English: prompts speak en, de, fr,
    es, ar, ur, fa, hi, bn, si."""

    clock_ahead_ms: ClassVar[int] = 0
    """How far ahead of the broker's the clock was that `occurred_at_ms` came from, and how far it
    has been set back for that: of this event, not of all (see `streams.contract.events.clocks`)."""

    @cached_property
    def received_at_ms(self) -> int:
        """When the broker got it: the time of its record; of no record, when it happened.

        It is no field, nothing that a sender could say: reading a record notes it here.
        """
        return self.occurred_at_ms

    @property
    def time_s(self) -> float:
        """When it happened, in seconds since 1970."""
        return self.occurred_at_ms / 1000

    @property
    def identity(self) -> str:
        """What tells it from all other events, as `identity_of`; duplicates are dropped by it."""
        return f"{len(self.session_id)} {self.session_id}{self.event_id}"  # a call would be dearer

    @property
    def says_who(self) -> bool:
        """Whether it says who is signed in, or that nobody is: if not, it is as it was.

        Version 1 has no word for "as it was": an event without a `shopper_id` is nobody's.
        """
        return self.schema_version == 1 or "shopper_id" in self.model_fields_set


class OrderLine(BaseModel):
    """One line of an order, a return or a basket."""

    model_config = EventBase.model_config

    item_id: Id
    """The item."""
    category: Category | None = None
    """The narrowest category that the catalogue has it in; the later word counts."""
    quantity: Quantity = 1
    """How many."""
    price_minor: PriceMinor | None = None
    """Unit price in minor units of the order's currency."""
    margin_minor: MarginMinor | None = None
    """What one of them earns: price less cost, in the same units, below 0 where it loses. For
    reports and net reward, which goes by it first; send it from a server, not from a browser."""


Lines = Annotated[tuple[OrderLine, ...], Field(min_length=1, max_length=LINES_MAX, strict=False)]
AnyLines = Annotated[tuple[OrderLine, ...], Field(max_length=LINES_MAX, strict=False)]
"""Lines of a basket, which may be empty."""
