"""The kinds of trouble that the verdict's shoppers make, and what each of them is."""

from collections import Counter
from collections.abc import Mapping

KINDS: dict[str, str] = {
    "signed_in": "an event names the shopper in mid-visit",
    "signed_out": "an event says that nobody is signed in any more",
    "another_shopper": "somebody else signs in on the same device, in the same session",
    "new_session": "a visitor goes on in another session on another partition: the basket moves",
    "new_session_beside": "a visitor goes on in another session on the same partition",
    "session_before": "the session before that has an event again",
    "nobody_id": "the id of the shopper, or of the visitor, means nobody",
    "consent_unsaid": "a shopper is named, and nothing said of consent",
    "consent_denied": "an event that names a shopper denies",
    "consent_withdrawn": "a shopper denies who has consented before",
    "consent_again": "a shopper consents who has denied before",
    "shopper_forgotten": "a shopper is to be forgotten, as another session says",
    "event_again": "the same event is sent again",
    "item_removed": "an item is taken out of the basket",
    "basket_updated": "all that is in the basket is said",
    "cart_alone": "what is added is told by all that is in the basket, and by nothing else",
    "cart_empty": "a visit begins with the word that nothing is in the basket",
    "order_first": "a session orders before it looks at anything, or adds it",
    "order_part": "an order leaves a part of the basket",
    "order_again": "an order is told again under another event id",
    "order_elsewhere": "an order is told in a second session, on another partition",
    "order_payment_page": "a visitor's order is told in a session of its own, which never asks",
    "return_first": "something comes back of an order that nobody has told yet",
    "return_partial": "lines of an order come back",
    "return_full": "an order comes back, by its number alone",
    "order_cancelled": "an order is cancelled",
    "return_elsewhere": "something comes back, or is cancelled, on another partition",
    "clock_ahead": "a visit on a device whose clock is ahead",
    "clock_behind": "a visit on a device whose clock is behind",
    "clock_ahead_told": "the same, ahead, and `sent_at_ms` tells so",
    "clock_behind_told": "the same, behind",
    "clock_mended": "a clock that was behind is set right in mid-visit",
}
"""Every kind, and what happens."""


def missing(sent: Mapping[str, int]) -> list[str]:
    """The kinds that did not occur.

    >>> missing(dict.fromkeys(KINDS, 1) | {"order_part": 0})
    ['order_part']
    """
    return [kind for kind in KINDS if not sent.get(kind)]


class Tally(Counter[str]):
    """How many of each kind were sent."""

    def note(self, kind: str) -> None:
        """One more; raises `KeyError` for a kind that nobody knows."""
        self[kind] += bool(KINDS[kind])
