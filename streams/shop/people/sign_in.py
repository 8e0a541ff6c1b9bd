"""A sign-in: what an event said about who is signed in to its session."""

from typing import Any, NamedTuple, Self

from models.snapshot.elements import each
from streams.contract.receipts import YEAR_2100_MS
from streams.shop.people.denials import hashed


class SignIn(NamedTuple):
    """Who is signed in, since which event, and whether that event gave consent itself."""

    shopper_id: str | None
    """None: nobody, nobody who may be remembered, or somebody of whom only the hash was kept."""
    hash: str | None
    at_ms: int
    consented: bool
    """Else the setting gave consent."""

    def state(self, shopper_id: str | None) -> list[Any]:
        """Everything, as JSON; of the id what may be kept by now."""
        return [shopper_id, self.hash, self.at_ms, self.consented]

    @classmethod
    def from_state(cls, state: list[Any] | str | None, at_ms: int) -> Self:
        """The one whose `state()` this is; raises `TypeError` or `ValueError` when it is none.

        Once only the id was kept, whether consent was given or taken to be given.
        """
        if state is None or isinstance(state, str):
            return cls(state, None if state is None else hashed(state), at_ms, consented=False)
        shopper_id, who, signed_in_ms, consented, *_ = state
        each(str, [name for name in (shopper_id, who) if name is not None])
        each(int, [signed_in_ms], 0, YEAR_2100_MS)
        each(bool, [consented])
        return cls(shopper_id, who, signed_in_ms, consented)


NOBODY = SignIn(None, None, 0, consented=False)
