"""An adapter: one source of foreign records, read the same way whoever it is.

`read` never raises for what was sent, unless there is more of it than was asked for: a record
becomes events, rejections, or both. The same record becomes the same events, ids included, whenever
and wherever it is read.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pydantic import SecretStr

from streams.contract.events import Event
from streams.contract.receipts import YEAR_2015_MS, YEAR_2100_MS
from streams.contract.settings import Settings
from streams.contract.topics import RECORD_BYTES_MAX
from streams.storefront.intake.drafts import Drafts, Intake, Unreadable
from streams.storefront.intake.values.looking import parsed
from streams.storefront.intake.values.senders import other_sender
from streams.storefront.intake.values.signatures import Signing, sha256_base64, signed

Headers = Mapping[str, str]
"""Of HTTP or of a Kafka record; names in small letters."""
WRONG_SOURCE = "wrong_source"
"""Why a record is rejected that is another source's than the one that was named."""
BROWSER_FORMS = ("text/plain",)
"""What `sendBeacon` says of any text."""


def json_body(body: bytes, _: Headers) -> Any:
    """The JSON of a body; raises `Unreadable`."""
    try:
        return parsed(body)
    except ValueError:
        raise Unreadable("invalid_json", "it is no JSON") from None


class Adapter(NamedTuple):
    """One source."""

    name: str
    means: str
    """What it reads, for people."""
    translate: Callable[[Any, Headers, Drafts], None]
    """Says what is in a parsed record; raises `Unreadable` alone."""
    parse: Callable[[bytes, Headers], Any] = json_body
    content_types: tuple[str, ...] = ()
    """Those that are of this source and of no other."""
    signature: str = ""
    """The header with the signature of a webhook."""
    secret: Callable[[Settings], SecretStr] | None = None
    """The setting with the secret that signs it."""
    sign: Signing = sha256_base64
    ping: bytes = b""
    """What begins the body that is sent, unsigned, when a webhook is made; empty: none is."""
    table: bool = False
    """Lines of it are rows of CSV, below a header."""

    def read(
        self,
        body: Any,
        headers: Headers,
        settings: Settings,
        *,
        received_at_ms: int | None = None,
        logged_at_ms: int | None = None,
        session_id: str | None = None,
        entries_max: int | None = None,
    ) -> Intake:
        """What becomes of a record: bytes, or what was parsed from them.

        `received_at_ms` is the time of what says none. `logged_at_ms` is when a log got the record,
        the same whenever it is read: by it records are told apart that say no time and are alike in
        all else. `session_id`, where it is known (a token has
        it), is the session, whatever is said. Where the secret of a webhook is set, what it does
        not sign is rejected as `unauthorized`, and not looked at. Raises `TooManyEntries` as soon
        as more than `entries_max` events, rejections and ignored entries would come of it.
        """
        drafts = Drafts(settings, received_at_ms, session_id, logged_at_ms, entries_max)
        headers = {name.lower(): value for name, value in headers.items()}
        try:
            self._check(body, headers, settings)
            said = self.parse(body, headers) if isinstance(body, bytes) else body
            self.translate(said, headers, drafts)
            self._check_sender(said, drafts)
        except Unreadable as why:
            drafts.reject("", why.reason, str(why))
        except RecursionError:
            drafts.reject("", "invalid_json", "it is nested too deep")
        return drafts.intake()

    def _check_sender(self, said: Any, drafts: Drafts) -> None:
        """Reject what nothing came of because it is another source's: it is not just of no use."""
        if not drafts.intake().events and (other := other_sender(said, self.name)):
            told = f"it is of {other}, and was sent as {self.name}: name its source"
            drafts.reject("", WRONG_SOURCE, told)

    def _check(self, body: Any, headers: Headers, settings: Settings) -> None:
        """Raises `Unreadable` for what is not even to be looked at."""
        if not self.authentic(body, headers, settings):
            raise Unreadable("unauthorized", "its signature is missing, or wrong")
        if isinstance(body, bytes) and len(body) > RECORD_BYTES_MAX:
            raise Unreadable("oversize", f"it is longer than {RECORD_BYTES_MAX:,} bytes")

    def authentic(self, body: Any, headers: Headers, settings: Settings) -> bool:
        """Whether a webhook is signed, where its secret is set; without one, all of them pass."""
        if not self.is_signed(settings):
            return True
        secrets = self.secret(settings).get_secret_value() if self.secret else ""
        given = headers.get(self.signature)
        return isinstance(body, bytes) and signed(body, given, secrets, self.sign)

    def is_signed(self, settings: Settings) -> bool:
        """Whether there is a secret that signs it."""
        return bool(self.secret and self.secret(settings).get_secret_value().strip(" ,"))


def set_right(event: Event, received_ms: int | None) -> Event:
    """The event, its sender's clock set right by when a topic got it; None: nobody knows when.

    Then the clock is believed. `sent_at_ms` goes no further: to a broker that gets the event later,
    as from a file, it would tell a wrong clock.

    >>> from streams.contract.events import CheckoutStarted
    >>> noon, who = 1_767_268_800_000, {"event_id": "e", "session_id": "s"}
    >>> said = CheckoutStarted(occurred_at_ms=noon + 5000, sent_at_ms=noon + 6000, **who)
    >>> set_right(said, noon).occurred_at_ms - noon
    -1000
    """
    if event.sent_at_ms is None:
        return event
    wrong_ms = 0 if received_ms is None else received_ms - event.sent_at_ms
    at_ms = event.occurred_at_ms + wrong_ms
    within = min(max(at_ms, YEAR_2015_MS), YEAR_2100_MS)
    return event.model_copy(update={"occurred_at_ms": within, "sent_at_ms": None})
