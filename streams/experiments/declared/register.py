"""The register of experiments: what was asked before the start, and what was changed after it.

A declaration may be changed until it starts, and not after: what comes later is no declaration, and
is told beside it. Nobody can ask afterwards: figures begin when the broker got the declaration, if
that was later than the start that it names. So the register needs nobody's word for what was when.
"""

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from streams.contract.errors import InvalidReference
from streams.contract.events.reference.control import ControlRecord
from streams.contract.events.reference.declared import (
    Conclusion,
    Declaration,
    named_by,
    read_value,
)

EXPERIMENTS_MAX = 500
"""Of more the later ones are left out, and counted."""
SLACK_MS = 60_000
"""A start may be so long ago when somebody declares it: clocks differ, and people type."""
ATTEMPTS_MAX = 20
CHANGES_MAX = 1_000
"""Changes of controls that are remembered."""
RULING = ("arms.", "policy.", "prompts.", "items.", "curated.", "bundles.", "loyalty.")
"""Controls that change what shoppers are shown."""


class Change(NamedTuple):
    """Somebody changed a control."""

    at_ms: int
    key: str
    value: str
    author: str
    reason: str


class DeclaredExperiment(NamedTuple):
    """An experiment as it was declared."""

    name: str
    asked: Declaration
    author: str
    reason: str
    declared_ms: int
    """When the broker got it."""
    attempts: tuple[Change, ...] = ()
    """What was declared in its place once it had started: it counts for nothing."""
    concluded: Conclusion | None = None
    concluded_by: Change | None = None

    @property
    def start_ms(self) -> int:
        """From when on figures count: never before it was declared."""
        return max(self.asked.start_ms, self.declared_ms)

    @property
    def end_ms(self) -> int | None:
        """Until when; None: nobody has said."""
        ends = [self.asked.end_ms, self.concluded_by.at_ms if self.concluded_by else None]
        return min((end for end in ends if end is not None), default=None)

    def state(self, now_ms: int) -> str:
        """`planned`, `running`, `over` (its end has come) or `ended` (somebody ended it)."""
        if self.concluded_by is not None:
            return "ended"
        if now_ms < self.start_ms:
            return "planned"
        return "over" if self.end_ms is not None and now_ms >= self.end_ms else "running"


class Register:
    """Folds the topic of controls, in its order.

    >>> register = Register()
    >>> said = {"metric": "orders", "least_effect": 0.05, "experiment": "holdout-1f"}
    >>> for at_ms, effect in ((1_767_225_600_000, 0.05), (1_767_225_700_000, 0.5)):
    ...     register.add(ControlRecord(
    ...         key="experiments.spring.declared", author="ann", reason="worth it?", at_ms=at_ms,
    ...         value=said | {"least_effect": effect, "start_ms": 1_767_225_600_000}), at_ms)
    >>> one = register.find("spring")
    >>> one.asked.least_effect, len(one.attempts)
    (0.05, 1)
    """

    def __init__(self) -> None:
        self.left_out = 0
        """Declarations that there was no room for."""
        self._known: dict[str, DeclaredExperiment] = {}
        self._changes: deque[Change] = deque(maxlen=CHANGES_MAX)

    def add(self, record: ControlRecord, timestamp_ms: int) -> None:
        """Note a record. `timestamp_ms`: when the broker got it; less than 0: nobody knows."""
        at_ms = timestamp_ms if timestamp_ms >= 0 else record.at_ms
        value = "null" if record.value is None else str(record.value)[:200]
        change = Change(at_ms, record.key, value, record.author, record.reason)
        if record.key.startswith(RULING):
            self._changes.append(change)
        if (found := named_by(record.key)) is None:
            return
        name, what = found
        try:
            if what == "ended":
                self._conclude(name, record, change)
            else:
                self._declare(name, record, change)
        except InvalidReference:
            return  # no declaration: whoever wrote it by hand finds it nowhere

    def copy(self) -> "Register":
        """As it is now, for another thread."""
        other = Register()
        other.left_out, other._known = self.left_out, dict(self._known)
        other._changes = self._changes.copy()
        return other

    def all(self) -> list[DeclaredExperiment]:
        """Those that stand, the one that begins last first."""
        return sorted(self._known.values(), key=lambda one: (-one.start_ms, one.name))

    def find(self, name: str) -> DeclaredExperiment | None:
        """The one of this name."""
        return self._known.get(name)

    def start_of(self, experiment: str, now_ms: int) -> int:
        """When the last declared one about this holdout began; 0: none has by now.

        One that was ended before it had begun does not count, nor one that is planned.
        """
        about = (one for one in self.all() if one.asked.experiment == experiment)
        begun = (one.start_ms for one in about if one.start_ms <= now_ms and not _withdrawn(one))
        return next(begun, 0)

    def has_room(self, name: str) -> bool:
        """Whether an experiment of this name would be taken."""
        return name in self._known or len(self._known) < EXPERIMENTS_MAX

    def changes_of(self, one: DeclaredExperiment) -> list[Change]:
        """What was changed about prompts while it ran, oldest first."""
        end_ms = one.end_ms
        return [
            change
            for change in self._changes
            if change.at_ms > one.start_ms and (end_ms is None or change.at_ms < end_ms)
        ]

    def _declare(self, name: str, record: ControlRecord, change: Change) -> None:
        known = self._known.get(name)
        if known is not None and (change.at_ms > known.start_ms or known.concluded_by is not None):
            attempts = (*known.attempts, change)[-ATTEMPTS_MAX:]
            self._known[name] = known._replace(attempts=attempts)
            return
        if record.value is None:
            self._known.pop(name, None)
            return
        if known is None and len(self._known) >= EXPERIMENTS_MAX:
            self.left_out += 1
            return
        asked = read_value(Declaration, record.key, record.value)
        self._known[name] = DeclaredExperiment(
            name, asked, record.author, record.reason, change.at_ms
        )

    def _conclude(self, name: str, record: ControlRecord, change: Change) -> None:
        """The first end counts: it is what was said before anybody could think better of it."""
        known = self._known.get(name)
        if known is None or known.concluded_by is not None or record.value is None:
            return
        concluded = read_value(Conclusion, record.key, record.value)
        self._known[name] = known._replace(concluded=concluded, concluded_by=change)


def _withdrawn(one: DeclaredExperiment) -> bool:
    return one.concluded_by is not None and one.concluded_by.at_ms < one.start_ms


def registered(records: Iterable[tuple[ControlRecord, int]]) -> Register:
    """The register of some records and their times."""
    register = Register()
    for record, timestamp_ms in records:
        register.add(record, timestamp_ms)
    return register
