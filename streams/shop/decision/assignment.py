"""Random assignment by a hash of the id: who belongs to the holdout, without a table.

The same on every worker, at every time. So the holdout is drawn, who never gets a prompt, so that
what prompts are worth can be measured: shoppers, or sessions where nobody knows the shopper.
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


def held_out(who: str, *, share: float, salt: str) -> bool:
    """Whether this shopper or session is in the holdout."""
    return sampled(who, share=share, salt=salt)
