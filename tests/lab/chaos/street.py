"""A street without a broker: shoppers, a storefront, and two workers who read at their own pace.

Worker 0 answers for the even partitions, worker 1 for the odd ones. Each folds the partitions in an
order of its own, and answers an event some time after it has folded it. Now and then one of them
crashes, goes on from its checkpoint, and answers again.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from pydantic import SecretStr

from streams.contract.events import Event, decode, encode
from streams.contract.published.outcomes import AnyOutcome
from streams.contract.published.prompts import Prompt
from streams.contract.settings import Settings
from streams.lab.bench.stage.site import PARTITIONS, Site
from streams.lab.bench.stage.tape import partition_of
from streams.lab.chaos.books.books import Place
from streams.lab.chaos.ground.traffic import VISITS_AT_ONCE, reaction, warm_up
from streams.lab.chaos.shoppers.mall import Mall
from streams.shop.memory.answer import Answer
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Shop
from streams.shop.state import restore
from tests.stories import NOON_MS

SETTINGS = Site("127.0.0.1:1").settings(
    "street", holdout_share=0.1, segments="club", receipt_secret=SecretStr("not a secret")
)
EVERY_MS = 10
BEHIND_MAX = 60
SHARE_WORK, SHARE_TROUBLE, SHARE_LATE = 0.2, 0.01, 0.3


@dataclass(frozen=True)
class Record:
    """A record of any topic."""

    partition: int
    offset: int
    timestamp: int
    key: bytes
    value: bytes


class Reader:
    """One worker."""

    def __init__(self, make: Callable[[], Shop], number: int, dice: random.Random) -> None:
        self.shop = make()
        self.number = number
        self.answered = dict.fromkeys(range(PARTITIONS), 0)
        self._make = make
        self._dice = dice
        self.keep()

    def keep(self) -> None:
        """Write a checkpoint, and commit what is answered."""
        self._kept = json.dumps(self.shop.state()), dict(self.answered)

    def crash(self) -> None:
        """Go on from the checkpoint: what was done since is done again."""
        state, answered = self._kept
        self.shop, self.answered = self._make(), dict(answered)
        restore(self.shop.parts(), json.loads(state))

    def read(self, log: dict[int, list[Record]], most: int) -> None:
        """Fold a part of what is there, partition by partition."""
        for partition in self._dice.sample(range(PARTITIONS), PARTITIONS):
            begin = self.shop.position.get(partition, 0)
            for record in log[partition][begin : begin + self._dice.randint(0, most)]:
                assert "folded" == self.shop.learn(partition, record.offset, self._event(record))

    def answers(self, log: dict[int, list[Record]]) -> list[tuple[Place, Answer]]:
        """Answer a part of what was folded of the own partitions."""
        given: list[tuple[Place, Answer]] = []
        for partition in range(self.number, PARTITIONS, 2):
            begin, end = self.answered[partition], self.shop.position.get(partition, 0)
            end = self._dice.randint(begin, end)
            for record in log[partition][begin:end]:
                event, offset = self._event(record), record.offset
                answer = self.shop.answer(event, partition, offset, PendingPrompts())
                given.append(((partition, offset), answer))
            self.answered[partition] = end
        return given

    def _event(self, record: Record) -> Event:
        settings, at_ms = self.shop.settings, record.timestamp
        return decode(record.key, record.value, timestamp_ms=at_ms, settings=settings)


class Street:
    """What happened: the log, the outcomes that were published, and the workers."""

    def __init__(
        self,
        seed: int,
        events: int,
        settings: Settings = SETTINGS,
        make: Callable[[Settings], Shop] = Shop,
        late_events: int = 0,
    ) -> None:
        """Some of what is done with prompts comes late: after up to so many other events."""
        dice = random.Random(seed)
        self.settings = settings
        self.now_ms = NOON_MS
        self.log: dict[int, list[Record]] = {number: [] for number in range(PARTITIONS)}
        self.mall = Mall(seed, PARTITIONS, lambda: self.now_ms)
        self.workers = [
            Reader(partial(make, settings), number, random.Random(seed + number))
            for number in (0, 1)
        ]
        self.outcomes: list[AnyOutcome] = []
        self.prompts: dict[str, Prompt] = {}
        self.letters: dict[Place, str] = {}
        """Why events are dead letters, by their places."""
        self._late_events, self._dice = late_events, random.Random(seed)
        self._held: list[tuple[int, Event]] = []
        for event in warm_up():
            self.send(event.model_copy(update={"occurred_at_ms": self.now_ms}))
        visits: list[Iterator[Event]] = []
        while self.sent < events:
            while len(visits) < VISITS_AT_ONCE:
                visits.append(self.mall.visit())
            at = dice.randrange(len(visits))
            if (said := next(visits[at], None)) is None:
                del visits[at]
                continue
            self.send(said)
            if dice.random() < SHARE_WORK:
                self.work(dice.randint(1, BEHIND_MAX))
            if dice.random() < SHARE_TROUBLE:
                dice.choice([Reader.keep, Reader.crash])(dice.choice(self.workers))
        while not self.all_answered:
            self.work(BEHIND_MAX)

    @property
    def all_answered(self) -> bool:
        """Whether everything is folded by both, and answered by one of them."""
        folded = all(worker.shop.position == self.ends for worker in self.workers)
        owners = {number: self.workers[number % 2] for number in self.log}
        return folded and all(owners[n].answered[n] == end for n, end in self.ends.items())

    @property
    def sent(self) -> int:
        """How many events there are."""
        return sum(map(len, self.log.values()))

    @property
    def ends(self) -> dict[int, int]:
        """The next offset of each partition."""
        return {number: len(records) for number, records in self.log.items()}

    @property
    def records(self) -> list[Record]:
        """The whole log, partition by partition."""
        return [record for number in sorted(self.log) for record in self.log[number]]

    def send(self, event: Event) -> None:
        """The broker has it."""
        self.now_ms += EVERY_MS
        partition = partition_of(event.session_id, PARTITIONS)
        records, key = self.log[partition], event.session_id.encode()
        records.append(Record(partition, len(records), self.now_ms, key, encode(event)))

    def work(self, most: int) -> None:
        """Each worker reads and answers some, and shoppers react."""
        for worker in self.workers:
            worker.read(self.log, most)
            for place, answer in worker.answers(self.log):
                self.outcomes += (*answer.outcomes, *answer.unit_outcomes)
                if answer.rejected is not None:
                    self.letters[place] = answer.rejected.reason
                prompt = answer.prompt
                if prompt is not None and prompt.prompt_id not in self.prompts:
                    self.prompts[prompt.prompt_id] = prompt
                    if self.mall.sees(prompt):
                        self._react(prompt)
        due = [event for at, event in self._held if at <= self.sent]
        self._held = [(at, event) for at, event in self._held if at > self.sent]
        for event in due:
            self.send(event)

    def _react(self, prompt: Prompt) -> None:
        for event in reaction(prompt, self.mall.times):
            self.mall.taken(event)
            if self._late_events and self._dice.random() < SHARE_LATE:
                self._held.append((self.sent + self._dice.randint(1, self._late_events), event))
            else:
                self.send(event)
