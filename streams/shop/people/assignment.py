"""Random assignment (A/B test): which side of the experiment a session is on, drawn once.

The experiment is the holdout: a share of all units never gets a prompt, so that what prompts are
worth can be measured. A unit is the visitor, where the event tells a `visitor_id`, else the
session. It is not the shopper, who signs in during a visit: nobody may change sides by that.

A session is assigned by the first event that asks for a prompt, in time to be answered, and keeps
that for its life, whatever the settings become. What comes too late for an answer, as history does
that is sent on, assigns nobody: no prompt could change what such a unit did, and it would be noise.
The side is a hash of experiment, salt and unit: every session of a visitor is on the same one, on
every worker. Another name, share or salt is another experiment, with an id of its own, for sessions
that are assigned from then on.

Units are published under a name that is a part of the same hash. So tables of two experiments, or
of an experiment and a web analytics tool, cannot be joined by visitor, and what outlives the events
(outcomes are kept for longer) is no list of device ids. Shoppers are named likewise, in outcomes
alone and only with their consent: two devices of one person on two sides are a crossover that
somebody has to count.
"""

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, NamedTuple, Self

from models.snapshot.elements import each
from streams.contract.events import Event, segment_names
from streams.contract.settings import Settings

SALT_BYTES_MAX = 64
"""What a keyed hash takes as its key."""
DRAWN_BYTES = 8
NAME_BYTES = 12
ID_BYTES = 4
DEFAULT = "holdout"
"""The experiment's name, unless the settings have another."""


class Assignment(NamedTuple):
    """The side that a session is on, and since when."""

    experiment: str
    """The id of the experiment."""
    share: float
    """The share that is held out."""
    unit: str
    """The unit's name: a hash."""
    held_out: bool
    event_id: str
    """Which event assigned it,"""
    offset: int
    """where that is in the log,"""
    at_ms: int
    """and when it happened."""
    orders_before: int = 0
    """How many orders the session remembered when one of its visitor's was assigned first."""

    @classmethod
    def from_state(cls, state: list[Any] | None = None) -> Self | None:
        """The assignment that JSON has made a list; `TypeError` or `ValueError` if it is none."""
        if state is None:
            return None
        assignment = cls(*state)
        kinds = str, float, str, bool, str, int, int, int
        if not all(map(isinstance, assignment, kinds)) or assignment.orders_before < 0:
            raise ValueError("these are not the fields of an assignment")
        return assignment


def assigned_of(state: list[Any] | int | None) -> tuple[Assignment | None, int | None]:
    """A session's assignment, and how many orders were before any of its visitor, as JSON had them.

    >>> assigned_of(None), assigned_of(2)
    ((None, None), (None, 2))
    """
    if isinstance(state, int):
        return None, each(int, [state], 0)[0]
    assignment = Assignment.from_state(state)
    return assignment, None if assignment is None else assignment.orders_before


@dataclass(frozen=True)
class Experiment:
    """A holdout: who takes part, and how large the part is that gets no prompts."""

    name: str
    share: float
    salt: str
    start_ms: int = 0
    """Sessions are assigned by what they ask from then on."""
    segments: frozenset[str] = frozenset()
    """Those that are listed, which outcomes tell."""

    @classmethod
    def of(cls, settings: Settings) -> "Experiment | None":
        """The experiment of the settings; None where nobody is held out.

        >>> Experiment.of(Settings(holdout_share=0.0)) is None
        True
        """
        share, start_ms = settings.holdout_share, round(settings.experiment_start_s * 1000)
        if not share:
            return None
        segments = segment_names(settings)
        return cls(settings.experiment, share, settings.holdout_salt, start_ms, segments)

    @cached_property
    def id(self) -> str:
        """What tells it from others: the name, and a hash of share and salt.

        >>> Experiment("spring", 0.05, "salt").id, Experiment("spring", 0.2, "salt").id
        ('spring-8f28ffa7', 'spring-0bf23094')
        """
        said = f"{self.share!r}\0{self.salt}".encode()
        return f"{self.name}-{blake2b(said, digest_size=ID_BYTES).hexdigest()}"

    def assigned(self, event: Event, offset: int, orders_before: int = 0) -> Assignment | None:
        """The side of the session whose event this is; None before the experiment starts."""
        if event.occurred_at_ms < self.start_ms:
            return None
        held_out, unit = self.draw(event.visitor_id or event.session_id)
        event_id, at_ms = event.event_id, event.occurred_at_ms
        return Assignment(
            self.id, self.share, unit, held_out, event_id, offset, at_ms, orders_before
        )

    def draw(self, unit: str) -> tuple[bool, str]:
        """Whether a unit is held out, and its name in this experiment.

        >>> Experiment("spring", 1.0, "salt").draw("visitor-7")
        (True, 'fcf19e1cab44aa7e8c8cad6c')
        """
        drawing = self._drawing.copy()
        drawing.update(unit.encode("utf-8", "surrogatepass"))
        hashed = drawing.digest()
        drawn = int.from_bytes(hashed[:DRAWN_BYTES]) < self._held_out_below
        return drawn, hashed[DRAWN_BYTES:].hex()

    def named(self, event: Event) -> str | None:
        """The name in this experiment of the shopper of an event that says who, and consents.

        The event's own word alone: what others say of the shopper may be known later here or there.
        """
        if event.shopper_id is None or event.consent is not True:
            return None
        naming = self._hashing("shopper", NAME_BYTES)
        naming.update(event.shopper_id.encode("utf-8", "surrogatepass"))
        return naming.hexdigest()

    @cached_property
    def _held_out_below(self) -> float:
        return self.share * float(2 ** (8 * DRAWN_BYTES))

    @cached_property
    def _drawing(self) -> "blake2b":
        """The hash of a unit, as far as it is the same for all: each continues a copy."""
        return self._hashing("unit", DRAWN_BYTES + NAME_BYTES)

    def _hashing(self, kind: str, length: int) -> "blake2b":
        said = f"{self.name}\0{kind}\0".encode("utf-8", "surrogatepass")
        return blake2b(said, digest_size=length, key=self.salt.encode()[:SALT_BYTES_MAX])


def held_out(unit: str, *, share: float, salt: str, experiment: str = DEFAULT) -> bool:
    """Whether this visitor, or session without one, is in the holdout.

    >>> held_out("visitor-7", share=1.0, salt="2026"), held_out("visitor-7", share=0.0, salt="2026")
    (True, False)
    """
    return Experiment(experiment, share, salt).draw(unit)[0]
