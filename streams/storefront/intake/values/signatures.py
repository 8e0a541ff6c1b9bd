"""Signatures of webhooks: an HMAC (RFC 2104) of the body as it was sent, in base64 or hex.

Compared in constant time, and wrong is wrong: neither which secret nor how much of it would do.
"""

import hmac
from base64 import b64encode
from collections.abc import Callable

Signing = Callable[[bytes, bytes], bytes]
"""The signature of a body, by a secret."""


def sha256_base64(secret: bytes, body: bytes) -> bytes:
    """As Shopify and WooCommerce sign."""
    return b64encode(hmac.digest(secret, body, "sha256"))


def sha1_hex(secret: bytes, body: bytes) -> bytes:
    """As Segment signs.

    >>> sha1_hex(b"new", b"{}")
    b'ff507566ffa8dfeb2cbd9e8c0763a7beb701502a'
    """
    return hmac.digest(secret, body, "sha1").hex().encode()


def signed(body: bytes, signature: str | None, secrets: str, sign: Signing = sha256_base64) -> bool:
    """Whether one of comma separated secrets signs this body so.

    >>> sign = "Vv3kQImLIEbu5vWIFuqBxXgNa9XTTRzkG5nVTtrLxLg="
    >>> signed(b"{}", sign, "old, new"), signed(b"{ }", sign, "old, new"), signed(b"{}", sign, "")
    (True, False, False)
    """
    given = (signature or "").strip().encode("utf-8", "replace")
    right = False
    for secret in filter(None, map(str.strip, secrets.split(","))):
        right |= hmac.compare_digest(given, sign(secret.encode(), body))
    return right
