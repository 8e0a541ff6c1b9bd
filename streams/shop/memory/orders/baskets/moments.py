"""When what a session holds was told or left last, by its own time: what comes late is older.

```
12:00 ann signs in, views tea, adds bread    viewed [tea]    basket {bread}
12:05 she signs out                          viewed []       basket {bread}, which was `anothers`
12:06 nobody views jam                       what goes with jam: not with bread, nor with tea
12:03 (ann's, late) views milk               not viewed, and not answered: she has left
```

Most sessions have nothing of it, and share `NO_MOMENTS`.
"""

from typing import Any, NamedTuple, Self

from models.snapshot.elements import each
from streams.contract.receipts import YEAR_2100_MS


class Moments(NamedTuple):
    """The latest times of what few events tell, in ms since 1970; 0: never."""

    parted_ms: int = 0
    """When somebody left who was known: signed out, or another one signed in."""
    cart_ms: int = 0
    """Of when the latest cart was that told all of the basket."""
    left_ms: int = 0
    """When the checkout was left."""
    anothers: tuple[str, ...] = ()
    """What they had put into the basket, as far as nobody has added it since."""

    def parted(self, at_ms: int, basket: dict[str, int]) -> Self:
        """Somebody who was known has left; the basket stays, and speaks for no prompt."""
        return self._replace(parted_ms=at_ms, anothers=tuple(basket))

    def added(self, item_id: str, *, anothers: bool) -> Self:
        """Somebody has added this item: who is there now, or who was before."""
        others = tuple(one for one in self.anothers if one != item_id)
        return self._replace(anothers=(*others, item_id) if anothers else others)

    def state(self) -> list[Any]:
        """Everything, as JSON; nothing is an empty list."""
        return (
            []
            if self == NO_MOMENTS
            else [[self.parted_ms, self.cart_ms, self.left_ms], list(self.anothers)]
        )

    @classmethod
    def from_state(cls, state: list[Any]) -> Self:
        """The one whose `state()` this is; raises `TypeError` or `ValueError` when it is none."""
        if not state:
            return cls()
        times_ms, anothers = state
        parted_ms, cart_ms, left_ms = each(int, times_ms, 0, YEAR_2100_MS)
        return cls(parted_ms, cart_ms, left_ms, tuple(each(str, anothers)))


NO_MOMENTS = Moments()
