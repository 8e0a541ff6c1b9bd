"""What ties a session to others of the same visitor: see `streams.shop.people.visitors`."""

from typing import Any, NamedTuple, Self

from models.snapshot.elements import each
from streams.contract.events import TOLD_OF_SOMEBODY, Event, ShopperForgotten
from streams.shop.people.denials import hashed


class Ties(NamedTuple):
    """Whose a session's trail is, and under which ids its visitor came before.

    >>> from streams.contract.schemas.examples import ITEM_VIEWED as event
    >>> hers = Ties().signed(event, named(event))
    >>> hers.lets_on(named(event)), hers.lets_on(None), Ties().lets_on(None)
    (True, False, True)
    """

    visitor: str | None = None
    """The visitor's hash, as the session's first event told it."""
    whose: str | None = None
    """The hash of the shopper who signed in first; None: nobody has, who may be remembered."""
    closed: bool = False
    """Whether nobody goes on from here: somebody else has been there since, or nobody knows who."""
    noted: str | None = None
    """The hash of the shopper by whom it is noted: see `streams.shop.people.shoppers`."""
    before: str | None = None
    """Who had its trail when it began anew: what it had brought to prompts by then is there."""
    formers: tuple[str, ...] = ()
    """The sessions that it goes on from, the latest last."""

    def lets_on(self, who: str | None) -> bool:
        """Whether another session of the visitor may go on from here, with this shopper in it."""
        return not self.closed and self.whose in (None, who)

    def signed(self, event: Event, who: str | None) -> "Ties":
        """The same, after an event that signs somebody in or out; `who` may be remembered.

        Whom the event names without consent is compared, not kept. The one whose trail it is stays
        so, unless it is denied.
        """
        whom = named(event)
        denies = event.consent is False or isinstance(event, ShopperForgotten)
        if self.closed or (self.whose == whom is not None and not denies):
            return self
        if self.whose is None and who == whom:
            return self._replace(whose=who)
        return self._replace(closed=True)

    def state(self) -> list[Any] | None:
        """Everything, as JSON; None: nothing."""
        return None if self == NO_TIES else [*self[:-1], list(self.formers)]

    @classmethod
    def from_state(cls, state: list[Any] | None) -> Self:
        """The one whose `state()` this is; raises `TypeError` or `ValueError` when it is none."""
        if state is None:
            return cls()
        visitor, whose, closed, noted, before, formers = state
        each(str, [name for name in (visitor, whose, noted, before) if name is not None])
        each(bool, [closed])
        return cls(visitor, whose, closed, noted, before, tuple(each(str, formers)))


NO_TIES = Ties()


def named(event: Event) -> str | None:
    """The hash of whom an event names: to compare with; to be kept only with consent."""
    return None if event.shopper_id is None else hashed(event.shopper_id)


def there(event: Event, before: str | None = None) -> str | None:
    """The hash of who is at the device by an event; of one that does not say, who was before."""
    says = event.says_who and type(event) not in TOLD_OF_SOMEBODY
    return named(event) if says else before
