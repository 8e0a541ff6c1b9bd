"""Seeds of draws, by a keyed hash: nobody can foresee which arm an event gets.

An event's id does not do: storefronts count their events, so that the second event of every session
would get the same arm, and a browser that mints ids could look for the one that it wants. The seed
is a keyed hash (BLAKE2b, RFC 7693) of session, event and placement instead. Its key is derived from
the secret that seals receipts, the first one, and is never that key itself.

Draws depend on the secret; what is folded never does. An event that is answered again after the
secret was changed may draw another arm, as one that is answered again by a worker which knows more
by then: readers keep the first prompt of an id, and feedback counts for the arm in its receipt.
While secrets are being changed workers with the old and with the new one draw apart from each
other, each of them from the propensities that it logs.
"""

from hashlib import blake2b

from streams.contract.events.slots import Placement
from streams.contract.secrets.secret_keys import derived_key, secret_keys

PURPOSE = b"goeswith draws"
SEED_BYTES = 16


class DrawSeeds:
    """Makes seeds.

    >>> draws = DrawSeeds("not a secret")
    >>> draws.seed("event-2 of ann", "basket") == draws.seed("event-2 of ann", "basket")
    True
    >>> draws.seed("event-2 of bob", "basket") == draws.seed("event-2 of ann", "basket")
    False
    """

    def __init__(self, secrets: str) -> None:
        """Raises `MissingSecret` when there is none."""
        key = derived_key(secret_keys(secrets)[0], PURPOSE)
        self._keyed = blake2b(key=key, digest_size=SEED_BYTES)

    def seed(self, identity: str, placement: Placement) -> bytes:
        """The seed, 16 bytes, of what the event of this identity (`Event.identity`) gets there."""
        hashed = self._keyed.copy()
        hashed.update(f"{identity}\0{placement}".encode())
        return hashed.digest()
