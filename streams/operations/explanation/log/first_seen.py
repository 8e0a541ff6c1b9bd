"""When each session was there first, and last: what came before is nothing to it."""

IDS_MAX = 200_000
"""So many ids are remembered; a look-up of more reads all of the log."""
_PERIODS_MAX = 1 << 32


class FirstSeen:
    """In which period of the log an id was seen first, and last; by a hash of it.

    Two ids of one hash count as one: its first period is the earlier one of both, never a later.

    >>> seen = FirstSeen()
    >>> for number, session in enumerate((b"ann", b"bob", b"ann")):
    ...     seen.note(session, number)
    >>> seen.first(b"ann"), seen.first(b"bob"), seen.first(b"carl")
    (0, 1, None)
    >>> seen.forget(2)
    >>> seen.first(b"ann"), seen.first(b"bob")
    (0, None)
    """

    def __init__(self, ids_max: int = IDS_MAX) -> None:
        self.ids_max = ids_max
        self._periods: dict[int, int] = {}

    def note(self, name: bytes, number: int) -> None:
        """It was there in this period; periods do not go back."""
        hashed = hash(name)
        first = self._periods.get(hashed, number * _PERIODS_MAX) // _PERIODS_MAX
        self._periods[hashed] = first * _PERIODS_MAX + number

    def first(self, name: bytes) -> int | None:
        """The period in which it was there first; None: in none."""
        found = self._periods.get(hash(name))
        return None if found is None else found // _PERIODS_MAX

    @property
    def full(self) -> bool:
        """Whether there are more than are remembered."""
        return len(self._periods) > self.ids_max

    def forget(self, before: int) -> None:
        """Forget those that were last seen before this period: the log does not hold them."""
        living = self._periods.items()
        self._periods = {name: both for name, both in living if both % _PERIODS_MAX >= before}
