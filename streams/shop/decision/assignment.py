"""Random assignment by a hash of the id: who belongs to the holdout, without a table.

Shoppers are held out, or sessions where nobody knows the shopper.
"""

from streams.shop.hash_sampling import sampled


def held_out(who: str, *, share: float, salt: str) -> bool:
    """Whether this shopper or session is in the holdout."""
    return sampled(who, share=share, salt=salt)
