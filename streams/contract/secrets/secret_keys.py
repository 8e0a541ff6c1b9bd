"""Keys from the operator's secrets, one for each purpose.

A derived key is a keyed BLAKE2b of nothing, personalised by its purpose (RFC 7693, section 2.8):
who knows it, or what was made with it, learns nothing of the secret or of another purpose's key.

What leaves the house, such as a key's id, could be held against guesses of a short secret, in
millions a second. So keys for that are derived from the *stretched* secret: by scrypt (RFC 7914),
which makes each guess cost 16 MiB and tens of milliseconds. It is done once a secret and process.
"""

from functools import lru_cache
from hashlib import blake2b, scrypt, sha512

from streams.contract.errors import MissingSecret

DERIVED_BYTES = 32
SCRYPT_SALT = b"goeswith receipts 2"
"""The same everywhere: all workers must get the same keys from a secret alone."""
SCRYPT_COST = {"n": 1 << 14, "r": 8, "p": 1}
STRETCHED_MAX = 64
"""How many stretched secrets a process remembers."""


def secret_keys(secrets: str) -> list[bytes]:
    """The keys of comma separated secrets, in their order; raises `MissingSecret` for none.

    >>> len(secret_keys("new, old,"))
    2
    """
    given = [secret.strip() for secret in secrets.split(",") if secret.strip()]
    if not given:
        raise MissingSecret(
            "no secret to seal receipts with: set GOESWITH_RECEIPT_SECRET, for example to the "
            "output of `python3 -c 'import secrets; print(secrets.token_urlsafe(32))'`"
        )
    return [sha512(secret.encode()).digest() for secret in given]  # secrets are of any length


def derived_key(key: bytes, purpose: bytes) -> bytes:
    """The key for a purpose (at most 16 bytes), of 32 bytes.

    >>> derived_key(b"not a secret", b"draws") == derived_key(b"not a secret", b"receipts")
    False
    """
    return blake2b(key=key, person=purpose, digest_size=DERIVED_BYTES).digest()


def stretch(secrets: str) -> None:
    """Stretch all of these secrets ahead, so that no event waits for it; raises `MissingSecret`."""
    for key in secret_keys(secrets):
        stretched(key)


@lru_cache(STRETCHED_MAX)
def stretched(key: bytes) -> bytes:
    """The key that is dear to guess, of 32 bytes: some 40 ms at the first time.

    >>> stretched(b"not a secret") == stretched(b"not a secret") != stretched(b"another one")
    True
    """
    return scrypt(key, salt=SCRYPT_SALT, dklen=DERIVED_BYTES, **SCRYPT_COST)
