"""A sign-in: what an event said about who is signed in to its session, and who was before.

```
12:00 (nobody) views tea       nobody
12:05 ann views bread          ann, since 12:05
12:20 she signs out            nobody, gone: ann 12:05 to 12:20
12:10 (late, names nobody)     a denial of ann's
12:01 (late, names nobody)     nobody's
```

Who is there from the first event of a session on has been so always. A pause is no leaving for who
comes back with the next event. Of those who have left in this visit the latest two are known: a
basket outlives visits, and does not say whose it was.
"""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple, Self

from models.snapshot.elements import each
from streams.contract.events import Event
from streams.contract.receipts import YEAR_2100_MS
from streams.shop.people.denials import hashed

GONE_MAX = 2
"""Those who have left in a visit of whom it is known: the latest ones."""
ALWAYS_MS = 1
"""Since when somebody has been there who was so always, while a pause is between."""


class Stay(NamedTuple):
    """Somebody who has left a session, and when they were there."""

    who: str
    """Their hash."""
    since_ms: int
    until_ms: int
    shopper_id: str | None = None
    """As long as the process knows it; it is no part of the state."""


@dataclass(slots=True)
class SignIn:
    """Who is signed in, by which event, and whether that event gave consent itself.

    The latest one that says so: of the same shopper it is another event, not another sign-in.
    """

    shopper_id: str | None = None
    """None: nobody, nobody who may be remembered, or somebody of whom only the hash was kept."""
    hash_alone: str | None = None
    """What was kept of such a one."""
    at_ms: int = 0
    consented: bool = False
    """Else the setting gave consent."""
    since_ms: int = 0
    """Since when they are there; 0: from the first event of the session on, or nobody is.

    Before the first event of a visit is told: since when whom it names was in those before; no
    longer, as who that is may not be kept, if it signs nobody in.
    """
    gone: tuple[Stay, ...] = ()
    """Who was there before, in this visit."""

    @property
    def hash(self) -> str | None:
        """What stands for whoever is signed in; None: nobody is."""
        return self.hash_alone if self.shopper_id is None else hashed(self.shopper_id)

    def is_anothers(self, event: Event) -> bool:
        """Whether somebody is signed in, and an event does not name them."""
        who, there = self.hash, event.shopper_id
        return who is not None and (there is None or hashed(there) != who)

    def becomes(self, shopper_id: str | None, at_ms: int, since_ms: int) -> bool:
        """From now on a shopper is signed in, or nobody; whether that is somebody else."""
        who, was = None if shopper_id is None else hashed(shopper_id), self.hash
        if who != was:
            if was is not None:
                stay = Stay(was, self.since_ms, at_ms, self.shopper_id)
                self.gone = (*self.gone, stay)[-GONE_MAX:]
            self.since_ms = 0 if who is None else since_ms
        self.shopper_id, self.hash_alone = shopper_id, None
        return who != was

    def after_pause(self, event: Event) -> Self:
        """Nobody, and since when whom the event names has been there."""
        stays = self.hash is not None and not self.is_anothers(event)
        return type(self)(since_ms=(self.since_ms or ALWAYS_MS) if stays else 0)

    def came_by(self, at_ms: int, visit_ms: int) -> None:
        """They were there by then, as is told late: since then, if nobody has left in between.

        Who left because they came has left by then. Of an earlier visit that is not known. A
        sign-out that found nobody is no leaving, and a denial of before this is told stays lost.
        """
        others, after_ms = self.gone, 0
        if others:
            last = others[-1]
            after_ms = last.until_ms
            if after_ms == self.since_ms:
                after_ms = last.since_ms + 1
                others = (*others[:-1], last._replace(until_ms=at_ms))
        if max(after_ms, visit_ms) <= at_ms < self.since_ms:
            self.since_ms, self.gone = at_ms, others

    def nobody_began(self) -> None:
        """An event signs nobody in: who comes next has not been there since before the visit."""
        if self.hash is None:
            self.since_ms = 0

    def begins(self, at_ms: int, started_ms: int) -> int:
        """Since when somebody has been there who signs in now, in a visit that began then."""
        if self.hash is None and self.since_ms and at_ms == started_ms:
            return 0 if self.since_ms == ALWAYS_MS else self.since_ms
        return at_ms

    def who_at(self, at_ms: int) -> tuple[str | None, str | None]:
        """Who was there at a time, by hash and, where that is known, by name."""
        who = self.hash
        if who is not None and at_ms >= self.since_ms:
            return who, self.shopper_id
        stays = (one for one in self.gone if one.since_ms <= at_ms < one.until_ms)
        return next(((one.who, one.shopper_id) for one in stays), (None, None))

    def presence(self) -> list[Any]:
        """When who was there, as JSON; nothing is an empty list."""
        told = self.since_ms or self.gone
        return [self.since_ms, *(list(one[:3]) for one in self.gone)] if told else []

    def was_present(self, state: list[Any]) -> None:
        """Go on from a `presence()`; raises `TypeError` or `ValueError` when it is none."""
        since_ms, *stays = state or [0]
        gone = tuple(Stay(who, since, until) for who, since, until in stays)
        each(str, [one.who for one in gone])
        each(int, [since_ms, *(ms for one in gone for ms in one[1:3])], 0, YEAR_2100_MS)
        self.since_ms, self.gone = since_ms, gone[-GONE_MAX:]

    def state(self, shopper_id: str | None) -> list[Any]:
        """What was said last, as JSON; of the id what may be kept by now."""
        return [shopper_id, self.hash, self.at_ms, self.consented]

    @classmethod
    def from_state(cls, state: list[Any]) -> Self:
        """The one whose `state()` this is; raises `TypeError` or `ValueError` when it is none."""
        shopper_id, who, signed_in_ms, consented = state
        each(str, [name for name in (shopper_id, who) if name is not None])
        each(int, [signed_in_ms], 0, YEAR_2100_MS)
        each(bool, [consented])
        if shopper_id is not None and who != hashed(shopper_id):
            raise ValueError("a shopper and the hash of another one")
        return cls(shopper_id, who if shopper_id is None else None, signed_in_ms, consented)


def read(state: list[Any] | str | None, at_ms: int) -> tuple[SignIn, bool]:
    """What a session keeps of who is there: the sign-in, and whether consent was refused.

    Once only the id was kept, whether consent had been given or was taken to be given.
    """
    if state is None or isinstance(state, str):
        return SignIn(state, None, at_ms, consented=False), False
    *signed_in, refused = state[:PLACES]
    (refused,) = each(bool, [refused])
    sign_in = SignIn.from_state(signed_in)
    (presence,) = state[PLACES + 1 :] or [[]]
    sign_in.was_present(presence)
    return sign_in, refused


def times(state: list[Any] | str | None) -> list[Any]:
    """What is kept behind that: the time of the latest word on consent, and moments, if any.

    Behind these is who was there when, where that is not who is there always.
    """
    (told,) = state[PLACES : PLACES + 1] or [[0]] if isinstance(state, list) else [[0]]
    return each(int, told[:1], 0, YEAR_2100_MS) + told[1:]


PLACES = 5
"""Of a sign-in, and of consent."""
KEEP: Callable[[SignIn], str | None] = attrgetter("shopper_id")
"""A sign-in may be kept with whom it is of."""
