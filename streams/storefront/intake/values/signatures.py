"""Signatures of webhooks: an HMAC (RFC 2104) of the body as it was sent, in base64.

Compared in constant time, and wrong is wrong: neither which secret nor how much of it would do.
"""

import hmac
from base64 import b64encode
from hashlib import sha256


def signed(body: bytes, signature: str | None, secrets: str) -> bool:
    """Whether one of comma separated secrets signs this body so.

    >>> sign = "Vv3kQImLIEbu5vWIFuqBxXgNa9XTTRzkG5nVTtrLxLg="
    >>> signed(b"{}", sign, "old, new"), signed(b"{ }", sign, "old, new"), signed(b"{}", sign, "")
    (True, False, False)
    """
    given = (signature or "").strip().encode("utf-8", "replace")
    right = False
    for secret in filter(None, map(str.strip, secrets.split(","))):
        expected = b64encode(hmac.new(secret.encode(), body, sha256).digest())
        right |= hmac.compare_digest(given, expected)
    return right
