"""The receipt: a sealed token that travels with a prompt and comes back with feedback.

It carries what attribution needs (arm, context, propensity, items, times) and what the decision was
drawn from (the propensities and estimates of all arms), so neither feedback nor whoever judges arms
by it needs a join. Nobody without the secret can read one, make one, or use one in another session.

```
2.<base64url>      key id 4 | nonce 12 | AES-256-GCM( payload ) | tag 16        nothing is padded
  payload          propensity, estimate, prompted, expires as 8 bytes each; how many arms were on
                   offer, a byte, their propensities, then their estimates, 8 bytes each; and JSON
                   [prompt, arm, context, items, worths, arms], filled up with spaces to hide its
                   length. Worths only where they are asked for (`reward`). In older ones, and where
                   it would be too long, nothing is said of those arms
  authenticated    the version, the key id and the session's id, beside the payload
1 <base64url>      keyed BLAKE2b of the payload 16 | payload, JSON in clear: no expiry, no dot
```

The nonce is a keyed hash of the payload and of all that is authenticated with it: a synthetic one
(P. Rogaway and T. Shrimpton, "Deterministic Authenticated-Encryption", EUROCRYPT 2006). So a
decision that is asked twice gives the same bytes, and one nonce never seals two payloads but by a
collision of 96 bits, which NIST SP 800-38D allows for in 2^32 receipts of one key, as with random
nonces. AES-GCM-SIV (RFC 8452) has the same property built in, and takes two to three times as long.

Of several secrets the first one seals and all open. A receipt names its key by a fingerprint, its
key id, so that a secret which this worker lacks (`receipt_unknown_key`) is told from a forgery.
Keys and key ids come from the stretched secret: they help nobody to guess a short one.
"""

import hmac
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cached_property
from hashlib import blake2b
from sys import intern
from typing import Any, NamedTuple
from urllib.parse import unquote

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from streams.contract.errors import InvalidReceipt
from streams.contract.secrets.secret_keys import derived_key, secret_keys, stretched
from streams.contract.wire.shop.on_offer import VECTOR, ItemWorth, plain, vector_of, worths_of

VERSION = b"\x02"
PREFIX = "2."
KEY_ID_BYTES = 4
NONCE_BYTES = 12
TAG_BYTES = 16
BLOCK_BYTES = 96
"""A raw receipt is a multiple of it: of 3, so that base64 needs no padding."""
NONCE_END = KEY_ID_BYTES + NONCE_BYTES
UNFILLED_BYTES = NONCE_END + TAG_BYTES
RAW_BYTES_MAX = 2976
"""Longer ones are no more than 4,096 characters, which an event takes, without what may be cut."""
ARMS_MAX = 64
"""More than can be told from the bracket with which JSON begins."""
JSON_BEGINS = ord("[")
SIGNATURE_BYTES = 16
"""Of version 1."""
YEAR_2015_MS = 1_420_070_400_000
YEAR_2100_MS = 4_102_444_800_000
OTHER_VERSION = re.compile(r"(\d{1,3})\.")
NUMBERS = struct.Struct(">ddQQ")
OFFERED = [struct.Struct(f">B{2 * count}d") for count in range(ARMS_MAX + 1)]
NUMBER = (float, int)
SHAPE: tuple[Any, ...] = (str, str, str, str, NUMBER, NUMBER, (list, tuple), int)
"""The types of a receipt's fields in version 1, in their order."""


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
    expires_at_ms: int | None = None
    """From then on the prompt was not to be shown; None: version 1 did not say."""
    arms: tuple[str, ...] = ()
    """The arms that were on offer; none where the receipt does not say."""
    propensities: tuple[float, ...] = ()
    """Of each of them, as the arm was drawn."""
    estimates: tuple[float, ...] = ()
    """The reward expected of each of them."""
    worths: tuple[ItemWorth, ...] = ()
    """Of each of `items`, what was known when it was offered; none where the receipt is silent."""


class ReceiptKey:
    """What is derived from one secret: a cipher, a keyed hash for nonces, and their public id."""

    def __init__(self, secret: bytes) -> None:
        key = stretched(secret)
        self.key_id = derived_key(key, b"goeswith key ids")[:KEY_ID_BYTES]
        self.cipher = AESGCM(derived_key(key, b"goeswith seals"))
        self.header = VERSION + self.key_id
        self.signing_key = secret
        nonce_key = derived_key(key, b"goeswith nonces")
        self._nonces = blake2b(self.header, key=nonce_key, digest_size=NONCE_BYTES)

    def nonce(self, payload: bytes, session: bytes) -> bytes:
        """The nonce of a payload for a session: JSON has no NUL, so no two pairs hash alike."""
        hashed = self._nonces.copy()
        hashed.update(payload)
        hashed.update(b"\0" + session)
        return hashed.digest()


class Receipts:
    """Seals and opens receipts.

    >>> receipts = Receipts("not a secret")
    >>> bread = Receipt(
    ...     "p1", "s1", "popular", "basket", 0.25, 0.05, ("butter",), 1767225600000, 1767225720000
    ... )
    >>> receipts.open(receipts.seal(bread), "s1") == bread
    True
    >>> receipts.open(receipts.seal(bread), "another")
    Traceback (most recent call last):
      ...
    streams.contract.errors.InvalidReceipt: the receipt was made up, cut, or of another session
    """

    def __init__(self, secrets: str) -> None:
        """Raises `MissingSecret` when there is none."""
        self._secrets = secret_keys(secrets)

    @cached_property
    def _keys(self) -> list[ReceiptKey]:
        """Derived when the first receipt comes: a shop that only says what it is has no use for it.

        A worker has them `stretched` before it starts.
        """
        return [ReceiptKey(secret) for secret in self._secrets]

    @cached_property
    def _by_id(self) -> dict[bytes, ReceiptKey]:
        return {key.key_id: key for key in reversed(self._keys)}

    @property
    def key_ids(self) -> list[str]:
        """The ids of our keys, in hex, the sealing one first: to compare workers by."""
        return [key.key_id.hex() for key in self._keys]

    def seal(self, receipt: Receipt) -> str:
        """The token of a receipt that expires: the same whenever asked, for us alone to read."""
        prompt, who, arm, context, propensity, estimate, items, at_ms, until_ms = receipt[:9]
        numbers = NUMBERS.pack(propensity, estimate, at_ms, until_ms)
        vector = receipt.arms, receipt.propensities, receipt.estimates
        about = prompt, arm, context, items, *([plain(receipt.worths)] if receipt.worths else ())
        payload = numbers + _offered(*vector, about)
        if len(payload) > RAW_BYTES_MAX - UNFILLED_BYTES:
            payload = numbers + orjson.dumps(about)
        session, key = _encoded(who), self._keys[0]
        nonce = key.nonce(payload, session)
        payload += b" " * (-(len(payload) + UNFILLED_BYTES) % BLOCK_BYTES)
        sealed = key.cipher.encrypt(nonce, payload, key.header + session)
        return PREFIX + urlsafe_b64encode(key.key_id + nonce + sealed).decode()

    def open(self, token: str, session_id: str) -> Receipt:
        """The receipt in a token of this session; raises `InvalidReceipt`, and nothing else.

        What addresses and cookies do to a token does not matter: padding that is lost or escaped,
        quotes around it.
        """
        token = (unquote(token) if "%" in token else token).strip(' "').rstrip("=")
        if token.startswith(PREFIX):
            return self._unsealed(_raw(token.removeprefix(PREFIX)), session_id)
        if version := OTHER_VERSION.match(token):
            raise InvalidReceipt(
                "receipt_version", f"the receipt is of version {version[1]}, 2 is the latest here"
            )
        return self._verified(_raw(token), session_id)

    def _unsealed(self, raw: bytes, session_id: str) -> Receipt:
        """The receipt in a raw one of version 2."""
        if len(raw) < UNFILLED_BYTES:
            raise InvalidReceipt("receipt_unreadable", "the receipt is cut off")
        key_id, nonce, sealed = raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:NONCE_END], raw[NONCE_END:]
        if (key := self._by_id.get(key_id)) is None:
            raise InvalidReceipt(
                "receipt_unknown_key",
                f"sealed with a key {key_id.hex()}, and the secrets here give the keys "
                f"{', '.join(self.key_ids)}: add the secret behind it, or it is made up",
                key_id=key_id.hex(),
            )
        try:
            payload = key.cipher.decrypt(nonce, sealed, key.header + _encoded(session_id))
        except InvalidTag:
            raise InvalidReceipt(
                "receipt_forged", "the receipt was made up, cut, or of another session"
            ) from None
        try:
            propensity, estimate, *times_ms = NUMBERS.unpack_from(payload)
            (prompt, arm, context, items, *worths), offered = _read(payload)
            about = [prompt, session_id, arm, context, propensity, estimate, items, *times_ms]
            return receipt_of(about + ([[], [], [], *worths] if worths else []))._replace(**offered)
        except (TypeError, ValueError, IndexError, struct.error) as error:
            raise InvalidReceipt("receipt_version", f"another version sealed it: {error}") from None

    def _verified(self, raw: bytes, session_id: str) -> Receipt:
        """The receipt in a raw one of version 1, which has a JSON list behind its signature."""
        signature, payload = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        expected = (_signature(key.signing_key, payload) for key in self._keys)
        if not any(hmac.compare_digest(signature, ours) for ours in expected):
            if not payload.startswith(b"["):
                raise InvalidReceipt("receipt_unreadable", "the receipt is none of ours")
            raise InvalidReceipt(
                "receipt_forged", "the receipt was made up, changed, or of another secret"
            )
        try:
            receipt = receipt_of(orjson.loads(payload), expiring=False)
        except ValueError as error:
            raise InvalidReceipt("receipt_version", f"another version signed it: {error}") from None
        if receipt.session_id != session_id:
            raise InvalidReceipt("receipt_foreign", "the receipt belongs to another session")
        return receipt


def receipt_of(fields: Any, *, expiring: bool = True) -> Receipt:
    """The receipt of these fields, as JSON has them; with its expiry and arms, or as in version 1.

    Raises `ValueError` when they are others, or of a time that no event may have.
    """
    if (
        not isinstance(fields, list)
        or not len(SHAPE) <= len(fields) <= len(SHAPE) + expiring * (2 + len(VECTOR))
        or not all(map(isinstance, fields, SHAPE))
        or not all(isinstance(item, str) for item in fields[6])
        or not YEAR_2015_MS <= fields[7] <= YEAR_2100_MS
    ):
        raise ValueError("these are not the fields of a receipt")
    prompt, session, arm, context, propensity, estimate, items, at_ms = fields[: len(SHAPE)]
    until_ms, *vector = fields[len(SHAPE) :] or [None]
    if until_ms is not None and not (isinstance(until_ms, int) and at_ms <= until_ms):
        raise ValueError("a receipt that expired before its prompt was made")
    about = session, arm, context, propensity, estimate, tuple(items), at_ms, until_ms
    worths = worths_of(vector.pop(), len(items)) if len(vector) > len(VECTOR) else ()
    return Receipt(prompt, *about, *vector_of(vector))._replace(worths=worths)


def _offered(
    arms: tuple[str, ...],
    propensities: tuple[float, ...],
    estimates: tuple[float, ...],
    about: tuple[Any, ...],
) -> bytes:
    """The arms that were on offer, and what the prompt is about; see the module."""
    count = len(arms)
    if not 0 < count <= ARMS_MAX:
        return orjson.dumps(about)
    numbers = OFFERED[count].pack(count, *propensities, *estimates)
    return numbers + orjson.dumps((*about, arms))


def _read(payload: bytes) -> tuple[Any, dict[str, Any]]:
    """What `_offered` wrote: what the prompt is about, and the arms as fields of a receipt."""
    count = payload[NUMBERS.size]
    if count == JSON_BEGINS:
        return orjson.loads(payload[NUMBERS.size :]), {}
    offered = OFFERED[count]
    numbers = offered.unpack_from(payload, NUMBERS.size)[1:]
    *about, arms = orjson.loads(payload[NUMBERS.size + offered.size :])
    arms = tuple(map(intern, arms))
    return about, {"arms": arms, "propensities": numbers[:count], "estimates": numbers[count:]}


def _raw(text: str) -> bytes:
    """What is written in base64url; raises `InvalidReceipt` when nothing is."""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise InvalidReceipt("receipt_unreadable", "the receipt is not a token of ours") from None


def _encoded(session_id: str) -> bytes:
    """A session's id as it is authenticated, whatever characters it has."""
    return session_id.encode("utf-8", "surrogatepass")


def _signature(secret: bytes, payload: bytes) -> bytes:
    """Of version 1."""
    return blake2b(payload, key=secret, digest_size=SIGNATURE_BYTES).digest()
