"""Sample shops with a known truth, as data: what is for sale, and what really goes with what."""
