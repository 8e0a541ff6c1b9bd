"""How much of the truth has been found: the same fold, judged by what the shoppers really follow.

The judge follows the log live, from where the run began, instead of reading it afterwards: the
embedded broker drops the oldest beyond 5 MB of a partition, and so the demo can say at any time how
far the shop has come. It folds what is on the broker, not what was meant to be sent.
"""

from collections.abc import Mapping
from typing import NamedTuple

from streams.contract.errors import InvalidEvent
from streams.contract.events import Event, decode
from streams.contract.settings import Settings
from streams.lab.demo.shops.assortment import GROCERY, Assortment
from streams.shop.decision.arms import ARMS, CandidateQuery
from streams.shop.memory.session import Session
from streams.shop.shop import Shop
from streams.worker.transport.rounds import KafkaRecord


class TruthFound(NamedTuple):
    """For how many staples a true complement is on top."""

    found: int
    of: int
    by_counting: int
    """How many there would be if the item that met the staple most often were on top."""
    by_staple: dict[str, str | None]
    """The item on top; None where nothing is known yet."""

    missed: tuple[str, ...] = ()
    """The staples with something else on top."""


class Judge:
    """A shop of its own that learns beside the workers and is asked what goes with each staple."""

    def __init__(self, settings: Settings, assortment: Assortment = GROCERY) -> None:
        self.shop = Shop(settings)
        self.assortment = assortment
        self._settings = settings

    def start(self, partition: int, offset: int) -> None:
        """What was before the run is none of its business."""
        self.shop.start(partition, offset)

    def learn(self, partition: int, record: KafkaRecord) -> Event | None:
        """Fold one record of the log, and return its event; None for what is none, and skipped."""
        try:
            event = decode(
                record.key, record.value, timestamp_ms=record.timestamp, settings=self._settings
            )
        except InvalidEvent:
            event = None
        self.shop.learn(partition, record.offset, event)
        return event

    def verdict(self, now_s: float) -> TruthFound:
        """Ask for the best companion of each staple, and compare with the truth."""
        staples = self.assortment.staples
        tops = {staple: self.top(staple, now_s) for staple in staples}
        missed = self._untrue(tops)
        counted = len(staples) - len(self._untrue({each: self.met_most(each) for each in staples}))
        return TruthFound(len(tops) - len(missed), len(tops), counted, tops, missed)

    def top(self, staple: str, now_s: float) -> str | None:
        """The item that `bought_together` would offer first to a basket of this staple alone."""
        nobody = Session("", started_ms=0, last_ms=0, basket={staple: 1})
        question = CandidateQuery(nobody, staple, now_s, {staple}, 1)
        candidates = ARMS["bought_together"].candidates(self.shop.learned, question)
        return candidates[0].item if candidates else None

    def met_most(self, staple: str) -> str:
        """The item that was in most baskets with a staple: what mere counting would offer."""
        met = self.shop.learned.baskets.lift
        others = (item for item in self.assortment.items if item != staple)
        return max(others, key=lambda item: met(staple, item).together)

    def _untrue(self, tops: Mapping[str, str | None]) -> tuple[str, ...]:
        goes_with = self.assortment.goes_with
        return tuple(
            staple for staple, top in tops.items() if top is None or not goes_with(top, staple)
        )
