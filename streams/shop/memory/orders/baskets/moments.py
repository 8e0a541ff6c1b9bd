"""When what a session holds was told or left last, by its own time: what comes late is older.

```
12:00 ann signs in, views tea, adds bread    viewed [tea]    basket {bread}
12:05 she signs out                          viewed []       basket {bread}, which was `anothers`
12:06 nobody views jam                       what goes with jam: not with bread, nor with tea
12:03 (ann's, late) views milk               not viewed, and not answered: she has left
```

Of what was changed after a cart that comes late there is what the cart had, and what was added and
taken out since. Of that the latest few items are known: a cart from before a change of another one
says nothing. Of each item the latest changes are: of one with more of them there is what there was.

```
12:02 remove 1 tea           there was none          changed {tea: -1 at 12:02}
12:01 (late) cart tea x 3    basket {tea: 2}
```

Sessions that have nothing of it share `NO_MOMENTS`.
"""

from collections.abc import Iterator
from sys import intern
from typing import Any, NamedTuple, Self

from models.snapshot.elements import each
from streams.contract.receipts import YEAR_2100_MS

CHANGED_MAX = 4
"""Items of a basket of which it is known when they were changed last."""
FORGOTTEN = ""
"""No item has this id."""
KNOWN_MAX = 2
"""Changes of each of them: of more, when the latest was that is not known any more."""
Changes = tuple[int, ...]
"""When the latest was that is forgotten (0: none), then when and by how many, by time."""
LOST: dict[str, Changes] = {}
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

    changed: dict[str, Changes] | None = None
    """How the items that were changed last were added, removed or ordered; it is the session's.

    Under `FORGOTTEN` the latest of those that are not known any more. `LOST`: nothing is noted.
    """

    def after_change(self, item_id: str, at_ms: int, more: int) -> Self:
        """So many of an item came, or went; of too many items the one that was told first goes."""
        if (changed := self.changed) is None:
            return self._replace(changed={FORGOTTEN: (0,), item_id: (0, at_ms, more)})
        if changed is LOST:
            return self
        told = changed.pop(item_id, None)
        changed[item_id] = (0, at_ms, more) if told is None else _after(told, at_ms, more)
        if len(changed) > CHANGED_MAX + 1:
            _, first, *_ = changed
            changed[FORGOTTEN] = (max(self.unsure_ms, _latest_ms(changed.pop(first))),)
        return self

    @property
    def unsure_ms(self) -> int:
        """The latest change of which it is forgotten what it changed."""
        return (self.changed or LOST).get(FORGOTTEN, (0,))[0]

    def since(self, cart_ms: int) -> dict[str, list[int] | None]:
        """What came and went after a cart, which is told now, by item; None: not all is known."""
        changed, later = self.changed or {}, dict[str, list[int] | None]()
        for item_id, told in [*changed.items()]:
            if item_id == FORGOTTEN:
                continue
            if _latest_ms(told) <= cart_ms:
                del changed[item_id]
            else:
                after = [more for at_ms, more in _by_time(told) if at_ms > cart_ms]
                later[item_id] = None if told[0] > cart_ms else after
        return later

    def anew(self, at_ms: int) -> "Moments":
        """After a pause it is noted again what changes the basket; of up to then nothing is."""
        return self._replace(changed={FORGOTTEN: (at_ms,)}) if self.changed is LOST else self

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
                None
                if self.changed is LOST
                else [[item, *told] for item, told in (self.changed or {}).items()],
            ]
        )

    @classmethod
    def from_state(cls, state: list[Any], latest_ms: int = 0) -> Self:
        """The one whose `state()` this is; raises `TypeError` or `ValueError` when it is none.

        Once it was not kept what was changed: then it is forgotten of all up to the latest time.
        """
        unsaid = [[FORGOTTEN, latest_ms]] if latest_ms else None
        if not state:
            return cls(changed=_changed_of(unsaid) if unsaid else None)
        times_ms, anothers, *changed = state
        changed = changed or [unsaid or []]
        parted_ms, cart_ms, left_ms = each(int, times_ms, 0, YEAR_2100_MS)
        times = parted_ms, cart_ms, left_ms
        return cls(*times, tuple(each(str, anothers)), *map(_changed_of, changed))


def _after(told: Changes, at_ms: int, more: int) -> Changes:
    """The same, and one more change.

    >>> _after((0, 12_000, 3, 15_000, 1), 16_000, -1)
    (12000, 15000, 1, 16000, -1)
    """
    lost_ms, changes = told[0], dict(_by_time(told))
    changes[at_ms] = changes.get(at_ms, 0) + more
    latest = sorted(changes.items())
    if len(latest) > KNOWN_MAX:
        lost_ms = max(lost_ms, latest.pop(0)[0])
    return (lost_ms, *(number for change in latest for number in change))


def _by_time(told: Changes) -> Iterator[tuple[int, int]]:
    """When each of the known changes was, and how many came or went."""
    return zip(told[1::2], told[2::2], strict=True)


def _latest_ms(told: Changes) -> int:
    return max(told[:1] + told[1::2])


def _changed_of(state: list[Any] | None) -> dict[str, Changes] | None:
    """When items were changed, as JSON had it: once without how many came and went."""
    if state is None:
        return LOST
    changed = {intern(item): tuple(each(int, told)) for item, *told in state}
    for told in changed.values():
        each(int, [told[0], *told[1::2]], 0, YEAR_2100_MS)
        if len(told) not in range(1, 2 * KNOWN_MAX + 2, 2):
            raise ValueError(f"changes of an item that are none: {told}")
    if changed and next(iter(changed)) != FORGOTTEN:
        raise ValueError("changes of a basket, and not what of them is forgotten")
    return changed or None


NO_MOMENTS = Moments()
LIGHT = Moments(changed=LOST)
"""The same of sessions that have let go when their baskets were changed."""
