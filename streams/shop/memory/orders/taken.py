"""What was taken out of a basket, and how much of it had not come in yet."""

from typing import Any, NamedTuple


class Taken(NamedTuple):
    """An item was taken out of the basket, removed or ordered: when last, and how many too many."""

    at_ms: int
    missing: int
    """More than there were: adds from before that have not come yet, and have been overtaken."""


NOT_TAKEN = Taken(0, 0)


def bound(kept: dict[str, Any], most: int) -> None:
    """Forget the oldest of too many."""
    while len(kept) > most:
        del kept[next(iter(kept))]
