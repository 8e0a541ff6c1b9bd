"""What would become of events if they were sent: judged by the very contract that workers read by.

`decode` judges, not a schema beside it; a receipt is opened where the secret is known. What the
contract takes and a storefront may not have meant (a field that nobody reads, a segment that is not
listed) is a warning.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from streams.clients.deduplication import SeenIds
from streams.contract.errors import BadInput, InvalidEvent
from streams.contract.events import (
    EVENTS,
    Event,
    ItemAdded,
    OrderLine,
    OrderPlaced,
    decode,
    segment_names,
)
from streams.contract.receipts import Receipts
from streams.contract.settings import BUILT_IN_SEGMENTS, Settings
from streams.shop.decision.languages.messages import TEXTS, language
from streams.shop.people.context import late
from streams.storefront.event_lines import Line, Sent, sent
from streams.storefront.hints import hints, marked, meant

FIELDS = {event.model_fields["type"].default: tuple(event.model_fields) for event in EVENTS}
"""The fields of each type of event."""
NAME_CHARS_MAX = 64
LINE_FIELDS = tuple(OrderLine.model_fields)


class Remark(NamedTuple):
    """A warning: `name` is a short, stable word."""

    name: str
    message: str


NO_CURRENCY = Remark("no_currency", "`price_minor` without a `currency` is in no sum of money")
TOLD_TWICE = Remark("order_twice", "its `order_id` was told before: an order counts once")
BLANKS = Remark("blanks", "an id with blanks around it is another one than without")


class Judged(NamedTuple):
    """What would become of one line."""

    line: int
    type: str | None
    event_id: str | None
    session_id: str | None
    taken: bool
    """It is an event of the contract: it is folded, though its receipt may be bad."""
    reason: str | None
    """Of the dead letter; None: there would be none."""
    message: str
    hints: tuple[str, ...]
    warnings: tuple[Remark, ...]
    unchecked: tuple[str, ...] = ()
    """What could not be looked at: the `key` that no line tells, a `receipt` without the secret."""

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        warned = [remark._asdict() for remark in self.warnings]
        return {**self._asdict(), "warnings": warned}


class Validator:
    """Judges lines in their order; remembers the ids that came lately, and nothing else.

    >>> validator = Validator(Settings(), now_ms=1_767_225_600_000)
    >>> bread = b'{"type": "item_viewed", "event_id": "e", "session_id": "s", "itemId": "bread"}'
    >>> judged = validator.judge(Line(1, bread, cut=False))
    >>> judged.reason, [remark.message for remark in judged.warnings]
    ('invalid_event', ['`itemId` is ignored; did you mean `item_id`?'])
    """

    def __init__(self, settings: Settings, now_ms: int) -> None:
        """`now_ms`: when an event would be sent whose line does not say when it was."""
        secrets = settings.receipt_secret.get_secret_value()
        self.settings = settings
        self.now_ms = now_ms
        self.receipts = Receipts(secrets) if secrets else None
        self.segments = segment_names(settings)
        self._seen, self._orders = SeenIds(), SeenIds()

    def judge(self, line: Line) -> Judged:
        """What would become of a line."""
        record = sent(line.text)
        try:
            event = self._decoded(line, record)
        except InvalidEvent as invalid:
            return self._dead(line, record, invalid)
        rejected = self._rejected(event)
        return Judged(
            line.number,
            event.type,
            event.event_id,
            event.session_id,
            taken=True,
            reason=rejected.reason if rejected else None,
            message=f"{rejected}; {_without_receipt(event)}" if rejected else "",
            hints=(),
            warnings=tuple(self._warnings(event, record)),
            unchecked=tuple(self._unchecked(event, record)),
        )

    def _decoded(self, line: Line, record: Sent) -> Event:
        if line.cut:
            raise InvalidEvent(
                "oversize", f"more than {len(line.text) - 1} bytes: a record that large is no event"
            )
        key = record.key
        if not record.has_key:  # then it is taken to be the right one
            who = record.said.get("session_id") if isinstance(record.said, dict) else None
            key = who.encode("utf-8", "surrogatepass") if isinstance(who, str) else b""
        sent_ms = self.now_ms if record.timestamp_ms is None else record.timestamp_ms
        return decode(key, record.value, timestamp_ms=sent_ms, settings=self.settings)

    def _dead(self, line: Line, record: Sent, invalid: InvalidEvent) -> Judged:
        raw = None if line.cut else record.said
        told: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
        kind = told.get("type")
        fields = FIELDS.get(kind, ()) if isinstance(kind, str) else ()
        return Judged(
            line.number,
            _text(kind),
            _text(told.get("event_id")),
            _text(told.get("session_id")),
            taken=False,
            reason=invalid.reason,
            message=str(invalid),
            hints=(*hints(raw, tuple(FIELDS)), *marked(record.value)),
            warnings=tuple(_unread(told, fields)) if fields else (),
        )

    def _rejected(self, event: Event) -> BadInput | None:
        token = getattr(event, "receipt", None)
        if token is None or self.receipts is None:
            return None
        try:
            self.receipts.open(token, event.session_id)
        except BadInput as invalid:
            return invalid
        return None

    def _unchecked(self, event: Event, record: Sent) -> Iterator[str]:
        if not record.has_key:
            yield "key"
        if self.receipts is None and getattr(event, "receipt", None) is not None:
            yield "receipt"

    def _warnings(self, event: Event, record: Sent) -> Iterator[Remark]:
        if isinstance(record.said, dict):
            yield from _unread(record.said, FIELDS[event.type])
        if self._seen.before(event.identity):
            yield Remark("duplicate", "this session sent its `event_id` before: it changes nothing")
        yield from self._slips(event)
        if event.segment is not None and event.segment not in self.segments:
            yield Remark("segment", self._unlisted(event.segment))
        if event.locale and language(event.locale) not in TEXTS:
            spoken = ", ".join(TEXTS)
            yield Remark("locale", f"`{event.locale}` gets English: there are texts in {spoken}")
        if record.timestamp_ms is not None:
            if late(event, self.settings):
                yield Remark("late", "sent too late: it is learned from, and gets no prompt")
            if event.clock_ahead_ms:
                yield Remark("clock_ahead", "`occurred_at_ms` is ahead of its time: set back to it")

    def _slips(self, event: Event) -> Iterator[Remark]:
        """What is taken as it is said, and was hardly meant so."""
        lines: tuple[Any, ...] = getattr(event, "lines", None) or ()
        if getattr(event, "currency", "none is needed") is None and any(
            getattr(one, "price_minor", None) is not None for one in (event, *lines)
        ):
            yield NO_CURRENCY
        if isinstance(event, OrderPlaced) and self._orders.before(event.order_id):
            yield TOLD_TWICE
        ids = [event.session_id, event.event_id]
        ids += [getattr(one, "item_id", None) or "" for one in (event, *lines)]
        if any(one != one.strip() for one in ids):
            yield BLANKS

    def _unlisted(self, segment: str) -> str:
        if segment in BUILT_IN_SEGMENTS:
            return f"segment `{segment}` is a built-in word: whether a shopper is known decides"
        listed = ", ".join(sorted(self.segments)) or "none are"
        unlisted = f"segment `{segment}` is not listed in GOESWITH_SEGMENTS ({listed})"
        return f"{unlisted}: {NO_CONTEXT}"


NO_CONTEXT = "it is no context of the policy; whom an item is for goes by it all the same"
"""Of a segment that is not listed."""


@dataclass
class Summary:
    """Counts of what was judged."""

    lines: int = 0
    events: int = 0
    """Lines that are events of the contract."""
    events_in_part: int = 0
    """Those of them that are dead letters as well, by their receipt."""
    dead_letters: Counter[str] = field(default_factory=Counter)
    """By reason."""
    warnings: Counter[str] = field(default_factory=Counter)
    """By name."""
    unchecked: Counter[str] = field(default_factory=Counter)
    """Events of which a part could not be looked at, by what that was."""

    def count(self, judged: Judged) -> None:
        """One line more."""
        self.lines += 1
        self.events += judged.taken
        self.events_in_part += judged.taken and judged.reason is not None
        if judged.reason is not None:
            self.dead_letters[judged.reason] += 1
        for remark in judged.warnings:
            self.warnings[remark.name] += 1
        self.unchecked.update(judged.unchecked)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        counts = vars(self).items()
        return {name: dict(n) if isinstance(n, Counter) else n for name, n in counts}


def _unread(said: Mapping[str, Any], fields: tuple[str, ...]) -> Iterator[Remark]:
    """The fields that nobody reads, of an event and of its lines, each once."""
    unread = {name: fields for name in said if name not in fields}
    for line in said.get("lines", ()) if isinstance(said.get("lines"), list) else ():
        if isinstance(line, dict):
            unread |= {name: LINE_FIELDS for name in line if name not in LINE_FIELDS}
    for name, known in unread.items():
        yield _ignored(name[:NAME_CHARS_MAX], tuple(one for one in known if one not in said))


@lru_cache(maxsize=1000)
def _ignored(name: str, free: tuple[str, ...]) -> Remark:
    """A field that nobody reads, and the one of those not said that may have been meant."""
    near = meant(name, free)
    asked = f"; did you mean `{near}`?" if near else ""
    return Remark("unknown_field", f"`{name}` is ignored{asked}")


def _text(said: object) -> str | None:
    return said if isinstance(said, str) else None


def _without_receipt(event: Event) -> str:
    """What is left of an event whose receipt proves nothing."""
    if isinstance(event, ItemAdded):
        return "the event counts as if it had none"
    return "nothing is credited"
