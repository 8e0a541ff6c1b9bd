"""Which receipts count: those that open, in time, and each for one impression in its whole life.

```
does not open             made up, changed, another version's, sealed with a key that is not here
expired                   its prompt's expiry and the windows after it are over, by the event's time
forgotten                 older than the newest impression that its session has forgotten, and not
                          among those that it remembers: it may have been counted before
```

Whether a receipt is forgotten depends on what the session remembered when the event was folded, so
the fold marks it (`Seen.mark`); the rest can be told from event and receipt at any time.

A receipt sealed with a key that is not here (`receipt_unknown_key`) may be a good one: another
worker folds it. The event is noted as *unread*, and the key counted. When the secret is there, and
the event comes again, from the dead letters, its receipt is read then, as if it had come late.
"""

from collections import Counter

from streams.contract.errors import InvalidReceipt
from streams.contract.events import EVENTS, Event
from streams.contract.receipts import Receipt, Receipts
from streams.contract.settings import Settings
from streams.shop.memory.orders.seen import REFUSED, UNREAD
from streams.shop.memory.session import Session

BRINGING = frozenset(event for event in EVENTS if "receipt" in event.model_fields)
"""The events that may bring a receipt. (To look for a field that is not there is dear.)"""
KEYS_NAMED_MAX = 16
"""So many unknown keys are counted by name: whoever makes up receipts makes up keys as well."""
OTHER_KEYS = "others"
OF_OTHERS = frozenset({"receipt_forged", "receipt_foreign"})
"""Why another session's receipt does not open."""
FORGOTTEN = InvalidReceipt(
    "receipt_forgotten",
    "the receipt is older than the prompts that its session remembers: it may have been counted",
)


class UnknownKeys:
    """How many receipts came under which keys that are not here: the most frequent by name.

    The least frequent of the names makes room for a new one, which takes over its count (space-
    saving: A. Metwally et al., "Efficient Computation of Frequent and Top-k Elements in Data
    Streams", ICDT 2005): what came more than one time in `KEYS_NAMED_MAX` has a name, whatever
    others came before or between.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._taken_over: dict[str, int] = {}

    def add(self, key_id: str) -> None:
        """Count one more receipt."""
        if key_id not in self._counts and len(self._counts) == KEYS_NAMED_MAX:
            least = min(self._counts, key=self._counts.__getitem__)
            self._taken_over.pop(least, None)
            self._counts[key_id] = self._taken_over[key_id] = self._counts.pop(least)
        self._counts[key_id] = self._counts.get(key_id, 0) + 1

    def by_name(self) -> Counter[str]:
        """What surely came of each name, and the rest together; all receipts in the sum."""
        named = Counter(
            {key: count - self._taken_over.get(key, 0) for key, count in self._counts.items()}
        )
        if others := sum(self._taken_over.values()):
            named[OTHER_KEYS] = others
        return named


class ReceiptRules:
    """Opens the receipts of events, and says which of them count."""

    def __init__(self, settings: Settings, receipts: Receipts) -> None:
        self.receipts = receipts
        self._unknown_keys = UnknownKeys()
        self._latest: tuple[str, str, Receipt | InvalidReceipt] | None = None
        windows_s = settings.attribution_window_s, settings.purchase_window_s
        self._window_ms = max(windows_s) * 1000

    @property
    def unknown_keys(self) -> Counter[str]:
        """How many receipts were folded unread, by the id of the key that is not here."""
        return self._unknown_keys.by_name()

    def opened(self, session: Session, event: Event) -> Receipt | InvalidReceipt | None:
        """The receipt that an event brings; as a value, why it does not open or is too old.

        It may be of a session that this one goes on from, or did when the prompt was shown.
        """
        if type(event) not in BRINGING or (token := vars(event)["receipt"]) is None:
            return None
        receipt = self._open(token, event.session_id)
        if isinstance(receipt, InvalidReceipt) and receipt.reason in OF_OTHERS:
            shown_in = (one.session_id for one in session.impressions.values())
            names = dict.fromkeys([*session.ties.formers, *shown_in])
            others = (self._open(token, name) for name in names)
            receipt = next((one for one in others if isinstance(one, Receipt)), receipt)
        if isinstance(receipt, InvalidReceipt):
            return receipt
        if receipt.expires_at_ms is not None:
            over_ms = event.occurred_at_ms - receipt.expires_at_ms
            if over_ms > self._window_ms:
                return InvalidReceipt(
                    "receipt_expired",
                    f"the receipt's prompt expired {over_ms / 1000:.0f} s before this event, and "
                    f"counts for {self._window_ms / 1000:.0f} s after that",
                )
        return receipt

    def _open(self, token: str, session_id: str) -> Receipt | InvalidReceipt:
        """The receipt in a token: opened once for the fold and for the answer that follows."""
        if self._latest is None or self._latest[:2] != (token, session_id):
            try:
                self._latest = token, session_id, self.receipts.open(token, session_id)
            except InvalidReceipt as invalid:
                self._latest = token, session_id, invalid
        return self._latest[2]

    def counted(self, session: Session, event: Event) -> Receipt | InvalidReceipt | None:
        """What `opened` says, or that the session has forgotten the prompt. Notes what was refused.

        A part of the fold.
        """
        receipt = self.opened(session, event)
        if receipt is None:
            return None
        session.seen.mark(event.event_id, UNREAD, on=False)
        if isinstance(receipt, Receipt) and session.may_have_forgotten(receipt):
            session.seen.mark(event.event_id, REFUSED)
            return FORGOTTEN
        if isinstance(receipt, InvalidReceipt) and receipt.key_id:
            session.seen.mark(event.event_id, UNREAD)
            self._unknown_keys.add(receipt.key_id)
        return receipt

    def rejected(self, session: Session, event: Event) -> InvalidReceipt | None:
        """Why the receipt of a folded event did not count; None if it did, or there is none."""
        opened = self.opened(session, event)
        if opened is not None and session.seen.is_marked(event.event_id, REFUSED):
            return FORGOTTEN
        return opened if isinstance(opened, InvalidReceipt) else None
