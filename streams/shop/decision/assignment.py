"""Assignment: who is in the holdout, who never gets a prompt, so that prompts can be valued.

Shoppers are held out, or sessions where nobody knows the shopper.
"""

from streams.shop.memory.hash_sampling import picked


def held_out(who: str, *, share: float, salt: str) -> bool:
    """Whether this shopper or session is in the holdout."""
    return picked(who, share=share, salt=salt)
