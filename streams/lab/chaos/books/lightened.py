"""Which sessions were lightened: the log is folded once more, by a shop without that bound.

A session that weighs more than 8 KB lets go of some of what it knows (`lighten`, in the shop's
memory): an add that a removal has overtaken may then count, feedback may be refused, what is sent
again may count again. The twin forgets nothing. So it is held against a shop that forgets as
little, and that is all that it is told: two folds of one log, by the same code but for the bound,
differ by nothing but the bound. Which sessions it has changed, and in what, is seen by holding the
one against the other.

What follows from it is what `FOLLOWS` says of what was let go, and nothing else is left out: of
baskets, items and pairs those alone that these sessions have told themselves. How many baskets
began, and what arms earned, are sums, of which nobody can say whose they are.
"""

from collections.abc import Callable, Iterable, Mapping
from sys import maxsize
from typing import NamedTuple

from streams.contract.settings import Settings
from streams.lab.chaos.books.books import AuditedRecord, fold
from streams.lab.chaos.books.mentioned import Mentioned
from streams.lab.chaos.twin.ledger import LedgerDifference
from streams.shop.memory.session import Session
from streams.shop.shop import Shop

MakeShop = Callable[[Settings], Shop]
TAUGHT = frozenset({"items", "pairs", "baskets_begun"})
EARNED = frozenset({"exposures", "earned"})
FOLLOWS: Mapping[str, frozenset[str]] = {
    "looked": frozenset(),
    "bought": frozenset(),
    "taken": TAUGHT | EARNED | {"baskets"},
    "taught": TAUGHT,
    "orders": TAUGHT | EARNED,
    "impressions": EARNED,
    "seen": TAUGHT | EARNED | {"baskets"},
}
"""What of a ledger may be other where a session has let go of this."""
OF_ITEMS = frozenset({"items", "pairs"})
"""What of a ledger is by item, or by two of them."""
OF_OUTCOMES = frozenset({"taken", "orders", "impressions", "seen"})
"""What outcomes of a session depend on."""


class Unbounded(Session):
    """A session that may weigh anything."""

    __slots__ = ()
    bytes_max = maxsize


def unbounded(make: MakeShop, partitions: Iterable[int]) -> MakeShop:
    """A shop as `make` makes it, but for that its sessions on these partitions have no bound."""

    def made(settings: Settings) -> Shop:
        shop = make(settings)
        for partition in partitions:
            shop._sessions(partition).born_as = Unbounded  # noqa: SLF001  # nobody else makes them
        return shop

    return made


def folded(settings: Settings, log: Iterable[AuditedRecord], make: MakeShop) -> Shop:
    """A shop that has folded a log, and answered nothing."""
    shop = make(settings)
    for record in log:
        fold(shop, record)
    return shop


class Lightened(NamedTuple):
    """The sessions that know less than they would without the bound."""

    sessions: Mapping[str, tuple[str, ...]]
    """Of each what it has let go, in the words of `FOLLOWS`."""
    names: frozenset[str]
    """Under which outcomes come of those for which that matters: former sessions are of them."""
    mentioned: Mentioned
    """What each session has told of."""

    @classmethod
    def of(cls, shop: Shop, whole: Shop, mentioned: Mentioned) -> "Lightened":
        """Hold a shop against one that has folded the same without the bound."""
        sessions: dict[str, tuple[str, ...]] = {}
        names: set[str] = set()
        for partition, those in whole.sessions.items():
            for session in those:
                ours = shop.sessions[partition].find(session.session_id)
                gone = () if ours is None else _let_go(ours, session)
                if gone:
                    sessions[session.session_id] = gone
                if not OF_OUTCOMES.isdisjoint(gone):
                    names.update((session.session_id, *session.ties.formers))
        return cls(sessions, frozenset(names), mentioned)

    def explain(self, difference: LedgerDifference) -> bool:
        """Whether that follows from what was let go; `theirs` is as it is without the bound."""
        name, key, ours, theirs = difference
        those = [one for one in self.sessions if self._moves(one, name)]
        if name == "baskets":
            return key in those and self._may_hold(key, ours or {}, theirs or {})
        if name not in OF_ITEMS:
            return bool(those)
        items = {key} if isinstance(key, str) else key
        return any(items <= {*self.mentioned.by(one)} for one in those)

    def _moves(self, session_id: str, name: str) -> bool:
        """Whether this part of a ledger may be other by what a session has let go."""
        return any(name in FOLLOWS[what] for what in self.sessions[session_id])

    def _may_hold(self, who: str, held: Mapping[str, int], least: Mapping[str, int]) -> bool:
        """A basket holds at least as much, as nothing in it is let go, and of what was told alone.

        Less, too, where ids are forgotten: a removal that is sent again may count again.
        """
        enough = all(held.get(item, 0) >= quantity for item, quantity in least.items())
        return held.keys() <= {*self.mentioned.by(who)} and (enough or "seen" in self.sessions[who])


def _let_go(ours: Session, whole: Session) -> tuple[str, ...]:
    """What of a session is other than it would be without the bound: by what was let go.

    Neither its basket nor what its prompts earned is looked at: these are what is judged.
    """
    pairs = {
        "looked": (ours.looked, whole.looked),
        "bought": (ours.bought, whole.bought),
        "taken": (ours.taken, whole.taken),
        "taught": (ours.taught.state(), whole.taught.state()),
        "orders": ([*ours.orders], [*whole.orders]),
        "impressions": (_prompted(ours), _prompted(whole)),
        "seen": (_known(ours), _known(whole)),
    }
    return tuple(what for what, (one, other) in pairs.items() if one != other)


def _prompted(session: Session) -> tuple[object, ...]:
    return {*session.impressions}, session.forgotten


def _known(session: Session) -> tuple[object, ...]:
    """The ids of events, and how many there were: one that counts again is another one."""
    named, before = session.seen.state()
    return [event_id for event_id, _ in named], [told for told, _ in before], session.seen.noted
