"""The receipt: a signed token that travels with a prompt and comes back with feedback.

It carries what attribution needs (arm, context, propensity, items, time), so feedback needs no join
and cannot be forged. The signature is keyed BLAKE2b (RFC 7693: a MAC by itself), 16 bytes over the
JSON payload; of several secrets the first one signs and all are accepted, so that secrets can be
changed in flight. A receipt of another shape, signed by a later version that was rolled back since,
is refused like a forged one: its prompt's feedback is lost, not the worker. On the path of every
prompt a general token library takes 30 µs, HMAC-SHA256 3 µs and this 1 µs.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from streams.contract.errors import InvalidReceipt
from streams.contract.secret_keys import secret_keys

SIGNATURE_BYTES = 16
YEAR_2015_MS = 1_420_070_400_000
YEAR_2100_MS = 4_102_444_800_000
NUMBER = (float, int)
SHAPE: tuple[Any, ...] = (str, str, str, str, NUMBER, NUMBER, (list, tuple), int)
"""The types of a receipt's fields, in their order."""


class Receipt(NamedTuple):
    """What a prompt was, for the time when feedback comes."""

    prompt_id: str
    session_id: str
    arm: str
    context: str
    propensity: float
    estimate: float
    items: tuple[str, ...]
    prompted_at_ms: int


class Receipts:
    """Signs and opens receipts.

    >>> receipts = Receipts("not a secret")
    >>> bread = Receipt("p1", "s1", "popular", "basket/new", 0.25, 0.05, ("butter",), 1767225600000)
    >>> receipts.open(receipts.sign(bread), "s1") == bread
    True
    >>> receipts.open(receipts.sign(bread), "another")
    Traceback (most recent call last):
      ...
    streams.contract.errors.InvalidReceipt: the receipt belongs to another session
    """

    def __init__(self, secrets: str) -> None:
        """Raises `MissingSecret` when there is none."""
        self._secrets = secret_keys(secrets)

    def sign(self, receipt: Receipt) -> str:
        """The token: URL-safe, without secrets, readable by anyone, forgeable by none."""
        payload = orjson.dumps(tuple(receipt))
        return urlsafe_b64encode(_signature(self._secrets[0], payload) + payload).decode()

    def open(self, token: str, session_id: str) -> Receipt:
        """The receipt in a token of this session; raises `InvalidReceipt`."""
        try:
            raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))  # some shops strip the padding
        except ValueError:
            raise InvalidReceipt(
                "receipt_unreadable", "the receipt is not a token of ours"
            ) from None
        signature, payload = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        if not any(hmac.compare_digest(signature, _signature(s, payload)) for s in self._secrets):
            raise InvalidReceipt("receipt_forged", "the receipt's signature is wrong")
        try:
            receipt = receipt_of(orjson.loads(payload))
        except ValueError as error:
            raise InvalidReceipt("receipt_version", f"another version signed it: {error}") from None
        if receipt.session_id != session_id:
            raise InvalidReceipt("receipt_foreign", "the receipt belongs to another session")
        return receipt


def receipt_of(fields: Any) -> Receipt:
    """The receipt of these fields, as JSON has them.

    Raises `ValueError` when they are others, or of a time that no event may have.
    """
    if (
        not isinstance(fields, list)
        or len(fields) != len(SHAPE)
        or not all(map(isinstance, fields, SHAPE))
        or not all(isinstance(item, str) for item in fields[6])
        or not YEAR_2015_MS <= fields[7] <= YEAR_2100_MS
    ):
        raise ValueError("these are not the fields of a receipt")
    prompt, session, arm, context, propensity, estimate, items, at_ms = fields
    return Receipt(prompt, session, arm, context, propensity, estimate, tuple(items), at_ms)


def _signature(secret: bytes, payload: bytes) -> bytes:
    return blake2b(payload, key=secret, digest_size=SIGNATURE_BYTES).digest()
