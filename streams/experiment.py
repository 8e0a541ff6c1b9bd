"""Who never gets a prompt, so that what prompts are worth can be measured.

The holdout is a fixed share of shoppers (of sessions, where nobody knows the shopper), drawn by a
hash of the id: the same on every worker, at every time, without a table.
"""

from hashlib import blake2b


def held_out(who: str, *, share: float, salt: str) -> bool:
    """Whether this shopper or session is in the holdout.

    >>> held_out("shopper-1", share=1.0, salt="2026"), held_out("shopper-1", share=0.0, salt="2026")
    (True, False)
    """
    if share <= 0.0:
        return False
    drawn = blake2b(who.encode(), digest_size=8, key=salt.encode()[:64]).digest()
    return int.from_bytes(drawn) < share * 2**64
