"""A question that the console knows: what is told of it, who asked for it, and when."""

from dataclasses import dataclass

from streams.operations.console.watching.lookups.lookup import Lookup

LEFT_S = 60.0
"""Who has not asked for so long does not wait any more; a page asks twice a minute at least."""


@dataclass(slots=True)
class KnownLookup:
    """One question. Times are in seconds, by a clock that nobody sets.

    >>> known = KnownLookup(Lookup("why?", doing="reading"), asked_s=0.0)
    >>> known.is_left(60.0), known.is_left(60.1)
    (False, True)
    >>> known.done(Lookup("why?"), 9.0)
    >>> known.is_left(99.0), known.lasts(309.0), known.lasts(309.1)
    (False, True, False)
    """

    lookup: Lookup
    """What is told."""
    asked_s: float | None = None
    """When somebody asked last; None: nobody waits for it."""
    visitor: str | None = None
    """Who it waits for, as far as that is told and it has had no turn."""
    done_s: float = 0.0
    """When it was done, if it is."""

    @property
    def is_done(self) -> bool:
        """Whether nothing is being done."""
        return not self.lookup.doing

    def done(self, lookup: Lookup, now_s: float) -> None:
        """That is what has become of it: nobody waits any more."""
        self.lookup, self.done_s = lookup, now_s
        self.asked_s = self.visitor = None

    def lasts(self, now_s: float) -> bool:
        """Whether what was told is told once more."""
        return self.lookup.lasts(now_s - self.done_s)

    def is_left(self, now_s: float) -> bool:
        """Whether nobody has asked for it of late, though it is not done."""
        return self.asked_s is not None and now_s - self.asked_s > LEFT_S
