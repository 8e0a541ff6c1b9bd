"""When what a session holds was told or left last, by its own time: what comes late is older.

```
12:00 ann signs in, views tea, adds bread    viewed [tea]    basket {bread}
12:05 she signs out                          viewed []       basket {bread}, which was `anothers`
12:06 nobody views jam                       what goes with jam: not with bread, nor with tea
12:03 (ann's, late) views milk               not viewed, and not answered: she has left
```

A cart that comes late leaves as it is what was changed after it. Of that the latest few items are
known: a cart from before a change that is forgotten says nothing.

Sessions that have nothing of it share `NO_MOMENTS`.
"""

from sys import intern
from typing import Any, NamedTuple, Self

from models.snapshot.elements import each
from streams.contract.receipts import YEAR_2100_MS

CHANGED_MAX = 4
"""Items of a basket of which it is known when they were changed last."""
FORGOTTEN = ""
"""No item has this id."""
LOST: dict[str, int] = {}
"""What a session has let go that was too heavy: it stays empty."""


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

    changed: dict[str, int] | None = None
    """When the items that were changed last were added, removed or ordered; it is the session's.

    Under `FORGOTTEN` the latest of those that are not known any more. `LOST`: nothing is noted.
    """

    def after_change(self, item_id: str, at_ms: int) -> Self:
        """An item was added, removed or ordered; of too many the one that was told first goes."""
        if (changed := self.changed) is None:
            return self._replace(changed={FORGOTTEN: 0, item_id: at_ms})
        if changed is LOST:
            return self
        changed[item_id] = max(at_ms, changed.pop(item_id, 0))
        if len(changed) > CHANGED_MAX + 1:
            _, first, *_ = changed
            changed[FORGOTTEN] = max(changed[FORGOTTEN], changed.pop(first))
        return self

    @property
    def unsure_ms(self) -> int:
        """The latest change of which it is forgotten what it changed."""
        return (self.changed or LOST).get(FORGOTTEN, 0)

    def since(self, cart_ms: int) -> set[str]:
        """The items that were changed after a cart, which is told now; no others are known then."""
        changed = self.changed or {}
        for item_id in [item for item, at_ms in changed.items() if item and at_ms <= cart_ms]:
            del changed[item_id]
        return {*changed} - {FORGOTTEN}

    def lightened(self) -> "Moments":
        """Without what was changed when: a cart that comes late tells all of the basket."""
        return LIGHT if self._replace(changed=None) == NO_MOMENTS else self._replace(changed=LOST)

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
            else [
                [self.parted_ms, self.cart_ms, self.left_ms],
                list(self.anothers),
                None if self.changed is LOST else list((self.changed or {}).items()),
            ]
        )

    @classmethod
    def from_state(cls, state: list[Any]) -> Self:
        """The one whose `state()` this is; raises `TypeError` or `ValueError` when it is none."""
        if not state:
            return cls()
        times_ms, anothers, *changed = state
        parted_ms, cart_ms, left_ms = each(int, times_ms, 0, YEAR_2100_MS)
        times = parted_ms, cart_ms, left_ms
        return cls(*times, tuple(each(str, anothers)), *map(_changed_of, changed))


def _changed_of(state: list[Any] | None) -> dict[str, int] | None:
    """When items were changed, as JSON had it."""
    if state is None:
        return LOST
    changed = {intern(item): at_ms for item, at_ms in state}
    each(int, changed.values(), 0, YEAR_2100_MS)
    if changed and next(iter(changed)) != FORGOTTEN:
        raise ValueError("changes of a basket, and not what of them is forgotten")
    return changed or None


NO_MOMENTS = Moments()
LIGHT = Moments(changed=LOST)
"""The same of sessions that have let go when their baskets were changed."""
