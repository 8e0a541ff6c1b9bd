"""Keys from the operator's secrets: one that signs, and others that are derived from it.

A derived key is a keyed BLAKE2b of nothing, personalised by its purpose (RFC 7693, section 2.8):
who knows it, or what was made with it, learns nothing of the secret or of another purpose's key.
"""

from hashlib import blake2b, sha512

from streams.contract.errors import MissingSecret

DERIVED_BYTES = 32


def secret_keys(secrets: str) -> list[bytes]:
    """The keys of comma separated secrets, in their order; raises `MissingSecret` for none.

    >>> len(secret_keys("new, old,"))
    2
    """
    given = [secret.strip() for secret in secrets.split(",") if secret.strip()]
    if not given:
        raise MissingSecret(
            "no secret to sign receipts with: set GOESWITH_RECEIPT_SECRET, for example to the "
            "output of `python3 -c 'import secrets; print(secrets.token_urlsafe(32))'`"
        )
    return [sha512(secret.encode()).digest() for secret in given]  # secrets are of any length


def derived_key(key: bytes, purpose: bytes) -> bytes:
    """The key for a purpose (at most 16 bytes), of 32 bytes.

    >>> derived_key(b"not a secret", b"draws") == derived_key(b"not a secret", b"receipts")
    False
    """
    return blake2b(key=key, person=purpose, digest_size=DERIVED_BYTES).digest()
