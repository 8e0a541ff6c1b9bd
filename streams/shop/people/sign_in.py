"""A sign-in: what an event said about who is signed in to its session."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Self

from models.snapshot.elements import each
from streams.contract.events import Event
from streams.contract.receipts import YEAR_2100_MS
from streams.shop.people.denials import hashed


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

    @property
    def hash(self) -> str | None:
        """What stands for whoever is signed in; None: nobody is."""
        return self.hash_alone if self.shopper_id is None else hashed(self.shopper_id)

    def is_anothers(self, event: Event) -> bool:
        """Whether somebody is signed in, and an event does not name them."""
        who = self.hash
        return who is not None and (event.shopper_id is None or hashed(event.shopper_id) != who)

    def state(self, shopper_id: str | None) -> list[Any]:
        """Everything, as JSON; of the id what may be kept by now."""
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
    return SignIn.from_state(signed_in), refused


def times(state: list[Any] | str | None) -> list[Any]:
    """What is kept behind that: the time of the latest word on consent, and moments, if any."""
    (told,) = state[PLACES:] or [[0]] if isinstance(state, list) else [[0]]
    return each(int, told[:1], 0, YEAR_2100_MS) + told[1:]


PLACES = 5
"""Of a sign-in, and of consent."""
KEEP: Callable[[SignIn], str | None] = attrgetter("shopper_id")
"""A sign-in may be kept with whom it is of."""
