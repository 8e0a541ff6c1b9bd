"""Seals large data, so that nobody without the secret can read it, or change a byte of it.

AES-256-GCM takes 2³¹ bytes at once at most, and says only at the end whether they are right. So
data is sealed in segments of a mebibyte, by the STREAM construction (V. T. Hoang, R. Reyhanitabar,
P. Rogaway and D. Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance",
CRYPTO 2015), as the file format `age` does:

```
key of these data     BLAKE2b of the salt, keyed by what is derived from the stretched secret
segment n             AES-256-GCM( a mebibyte ) | tag 16
its nonce             n, 11 bytes | 1 for the last one, else 0
authenticated         the `about` of the data, beside each segment
```

A segment that is changed, missing, doubled, from other data or in another place does not open, nor
do data that were cut off. The salt is a keyed hash of the data and of what they are about: a
synthetic one, as with receipts (`streams.contract.receipts`). So the same data give the same bytes,
and no key seals two data but by a collision of 128 bits.

What it does not hide: how long the data are, and whether two are the same. It takes as much memory
again as the data. Of several secrets the first one seals and all open; data name their key by its
id, which helps nobody to guess a short secret.
"""

from collections.abc import Iterator
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from streams.contract.errors import CheckpointRefused
from streams.contract.secrets.secret_keys import derived_key, secret_keys, stretched

SEGMENT_BYTES = 1 << 20
TAG_BYTES = 16
NUMBER_BYTES = 11
SALT_BYTES = 16
ID_BYTES = 4
SEALED = "sealed"
"""Why data are refused whose key is not here, in a word."""


class SealingKeys:
    """The keys that comma separated secrets give; none gives none.

    >>> keys = SealingKeys("not a secret, an older one")
    >>> salt = keys.salt(b"bread and butter", b"basket")
    >>> sealed = keys.sealed(b"bread and butter", b"basket", salt)
    >>> keys.opened(sealed, b"basket", keys.ids[0], salt)
    b'bread and butter'
    >>> keys.opened(sealed, b"another", keys.ids[0], salt)
    Traceback (most recent call last):
      ...
    streams.contract.errors.CheckpointRefused: damaged or changed: its seal is broken
    """

    def __init__(self, secrets: str) -> None:
        """Some 40 ms for each secret that a process meets first."""
        given = secret_keys(secrets) if any(map(str.strip, secrets.split(","))) else []
        keys = [stretched(secret) for secret in given]
        self.ids = tuple(derived_key(key, b"checkpoint ids")[:ID_BYTES].hex() for key in keys)
        """In hex; the one that seals comes first."""
        self._keys = dict(zip(reversed(self.ids), reversed(keys), strict=True))

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.ids)

    def salt(self, data: bytes, about: bytes) -> str:
        """The salt of data and what they are about, in hex; raises `KeyError` without a key."""
        key = derived_key(self._keys[self.ids[0]], b"checkpoint salts")
        hashed = blake2b(len(about).to_bytes(8), key=key, digest_size=SALT_BYTES)
        hashed.update(about)
        hashed.update(data)
        return hashed.hexdigest()

    def sealed(self, data: bytes, about: bytes, salt: str) -> bytes:
        """The data, sealed by the first key; `about` is not in them, and must be known to open."""
        cipher = self._cipher(self.ids[0], salt)
        segments = _segments(memoryview(data), SEGMENT_BYTES)
        return b"".join(cipher.encrypt(nonce, each, about) for nonce, each in segments)

    def check(self, key_id: str) -> None:
        """Raise `CheckpointRefused` where the key of this id is not here."""
        if key_id not in self._keys:
            here = f"the keys {', '.join(self.ids)}" if self.ids else "none"
            raise CheckpointRefused(
                f"it is sealed with the key {key_id}, and GOESWITH_CHECKPOINT_KEY gives {here} "
                "here: add the secret behind it",
                SEALED,
            )

    def opened(self, sealed: bytes | memoryview, about: bytes, key_id: str, salt: str) -> bytes:
        """What was sealed. Raises `CheckpointRefused` as `check` does, or when it was changed."""
        self.check(key_id)
        cipher = self._cipher(key_id, salt)
        segments = _segments(memoryview(sealed), SEGMENT_BYTES + TAG_BYTES)
        try:
            return b"".join(cipher.decrypt(nonce, each, about) for nonce, each in segments)
        except InvalidTag:
            raise CheckpointRefused("damaged or changed: its seal is broken") from None

    def _cipher(self, key_id: str, salt: str) -> AESGCM:
        key = derived_key(self._keys[key_id], b"checkpoint seals")
        return AESGCM(blake2b(salt.encode(), key=key, digest_size=32).digest())


def _segments(data: memoryview, size: int) -> Iterator[tuple[bytes, memoryview]]:
    """The segments of this size, the last one shorter, each with its nonce; at least one."""
    count = max(1, -(-len(data) // size))
    for number in range(count):
        nonce = number.to_bytes(NUMBER_BYTES) + bytes([number == count - 1])
        yield nonce, data[number * size : (number + 1) * size]
