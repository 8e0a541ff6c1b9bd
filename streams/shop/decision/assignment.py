"""Assignment: who is in the holdout, who never gets a prompt, so that prompts can be valued.

Shoppers are held out, or sessions where nobody knows the shopper.
"""

from streams.shop.memory.hash_sampling import sampled


def held_out(who: str, *, share: float, salt: str) -> bool:
    """Whether this shopper or session is in the holdout."""
    return sampled(who, share=share, salt=salt)
