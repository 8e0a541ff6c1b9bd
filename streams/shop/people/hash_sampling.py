"""Sampling by hash: whether an id belongs to a fixed share, without a table and without dice.

The same on every worker, at every time.
"""

from hashlib import blake2b


def sampled(who: str, *, share: float, salt: str = "") -> bool:
    """Whether this id belongs to the share that this salt draws.

    >>> sampled("shopper-1", share=1.0, salt="2026"), sampled("shopper-1", share=0.0, salt="2026")
    (True, False)
    """
    if share <= 0.0:
        return False
    drawn = blake2b(who.encode(), digest_size=8, key=salt.encode()[:64]).digest()
    return int.from_bytes(drawn) < share * 2**64
