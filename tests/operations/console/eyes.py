"""A console whose sources are logs in memory: what it shows is what a test has put there."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI

from streams.clients.checkpoints.pointer import Stored
from streams.clients.log_reader import GroupMember, LogReader, Offsets, Partition, RawRecord
from streams.contract.dead_letters import dead_letter_headers
from streams.contract.errors import InvalidEvent, KafkaUnreachable
from streams.contract.events.reference.codec import encode_reference
from streams.contract.events.reference.control import ControlRecord
from streams.contract.published.outcomes import AnyOutcome
from streams.contract.published.prompts import Prompt
from streams.contract.schemas.examples import OUTCOME, PROMPT, SHOWN
from streams.contract.settings import Settings
from streams.experiments.declared.register import Register
from streams.experiments.open_prompts import QuietTime
from streams.operations.console.access import Door
from streams.operations.console.app import create_app
from streams.operations.console.watching.checkpoints import CheckpointsSeen
from streams.operations.console.watching.controls import ControlTail
from streams.operations.console.watching.experiments.outcomes import OutcomeFold
from streams.operations.console.watching.experiments.plans import Plans
from streams.operations.console.watching.lag import LagTrail
from streams.operations.console.watching.letters import LetterFold
from streams.operations.console.watching.lookups.lookups import Lookups, SoFar
from streams.operations.console.watching.lookups.questions import Answer, Question, StoryAsked
from streams.operations.console.watching.poller import Poller
from streams.operations.console.watching.prompts import PromptTail
from streams.operations.console.watching.sources import Pollers
from streams.operations.console.watching.workers import (
    Counted,
    Latency,
    MemoryHeld,
    Readiness,
    WorkerSeen,
    WorkerState,
)
from streams.operations.explanation.log.progress import Progress
from streams.operations.lag.figures import GroupLag, PartitionLag

WORD = "not a secret, and long enough for it"
NOW_S = 1_767_268_800.0
NOW_MS = int(NOW_S * 1000)
EACH_MS = 1_000
"""Between two prompts."""
HOSTILE = '<script>alert("x")</script>'
ACTING = "not a secret either, and long enough"
"""The token of operators."""
SETTINGS = Settings(
    console_token=WORD, console_operator_token=ACTING, console_workers="http://worker-1:6066"
)


class Log(LogReader):
    """A topic of one partition, in memory; `away`: Kafka is not there."""

    def __init__(self, topic: str, records: Iterable[RawRecord] = ()) -> None:
        self.records = list(records)
        self.away = False
        self.read = 0
        """So many records were handed out."""
        self.begin = 0
        """What was before is gone."""
        self.breaks_after: int | None = None
        """So many records are read, and then Kafka is gone."""
        super().__init__(None, [Partition(topic, 0)], SETTINGS)

    def say(
        self,
        *values: bytes,
        headers: Sequence[tuple[str, bytes | None]] = (),
        at_ms: int = NOW_MS,
    ) -> None:
        """Records at the end, which the broker got at that time."""
        for value in values:
            at, offset = self.partitions[0], len(self.records)
            self.records.append(RawRecord(at, offset, at_ms, b"key", value, list(headers)))

    def begins(self) -> dict[Partition, int]:
        """From the start."""
        self._check()
        return dict.fromkeys(self.partitions, self.begin)

    def ends(self) -> dict[Partition, int]:
        """All there is."""
        self._check()
        return dict.fromkeys(self.partitions, len(self.records))

    def between(self, begins: Offsets, ends: Offsets) -> Iterator[RawRecord]:
        """In order."""
        for at, begin in begins.items():
            for number, record in enumerate(self.records[begin : ends[at]]):
                if number == self.breaks_after:
                    raise KafkaUnreachable("Kafka stopped answering")
                self.read += 1
                yield record

    def _check(self) -> None:
        if self.away:
            raise KafkaUnreachable("no broker answered at 127.0.0.1:9092")


def one(partition: int = 0, waiting: int = 0, **more: Any) -> PartitionLag:
    """A partition of which so many events wait."""
    told: dict[str, Any] = {"lag_s": 3.0 if waiting else 0.0, "owner": "worker-1"} | more
    return PartitionLag(partition, 1000, 1000 - waiting, waiting, **told)


def group(*partitions: PartitionLag, **more: Any) -> GroupLag:
    """The workers' group."""
    parts = partitions or (one(0), one(1))
    members = (GroupMember("worker-1", "10.0.0.1", tuple(part.partition for part in parts)),)
    return GroupLag("goeswith", "goeswith.events", parts, more.get("members", members))


def worker(name: str = "worker-1", **more: Any) -> WorkerSeen:
    """A worker that is ready."""
    counted = Counted(
        answered=12_345, prompts=2_345, delivered_ms=Latency(p50_ms_max=5, p99_ms_max=15)
    )
    state = WorkerState(
        worker=name,
        version="0.1.0",
        memory=MemoryHeld(rss_bytes=400_000_000),
        assigned=(0, 1),
        telemetry=counted,
    )
    return WorkerSeen("http://worker-1:6066", more.get("readiness", Readiness(ready=True)), state)


def shown(number: int, arm: str, arms: Sequence[str]) -> AnyOutcome:
    """A prompt of this arm was seen."""
    update = {
        "prompt_id": f"prompt-{number}",
        "arm": arm,
        "propensity": 1 / len(arms),
        "propensities": dict.fromkeys(arms, 1 / len(arms)),
        "estimates": dict.fromkeys(arms, 0.2),
        "occurred_at_ms": SHOWN.occurred_at_ms + number * EACH_MS,
    }
    return SHOWN.model_copy(update=update)


def earned(number: int, arm: str, reward: float) -> AnyOutcome:
    """And brought something."""
    update = {
        "prompt_id": f"prompt-{number}",
        "arm": arm,
        "reward": reward,
        "occurred_at_ms": SHOWN.occurred_at_ms + number * EACH_MS + 1,
    }
    return OUTCOME.model_copy(update=update)


def trial(prompts: int, rates: dict[str, float]) -> list[AnyOutcome]:
    """Prompts in turn, of arms that earn at these rates; and one long after, so that they settle.

    Of ten prompts of an arm the first `10 * rate` are added.
    """
    arms, told = list(rates), list[AnyOutcome]()
    for number in range(prompts):
        arm = arms[number % len(arms)]
        told.append(shown(number, arm, arms))
        if number // len(arms) % 10 < round(10 * rates[arm]):
            told.append(earned(number, arm, 0.5))
    told.append(shown(10 * prompts + 10_000, arms[0], arms))
    return told


@dataclass
class Eyes:
    """The sources of a console, to be filled, looked at, and taken away."""

    settings: Settings = SETTINGS
    lag: GroupLag = field(default_factory=group)
    workers: tuple[WorkerSeen, ...] = field(default_factory=lambda: (worker(),))
    checkpoints: CheckpointsSeen = field(default_factory=lambda: CheckpointsSeen("", listed=False))
    away: bool = False
    now_s: float = NOW_S
    quiet: QuietTime = field(default_factory=QuietTime)

    def __post_init__(self) -> None:
        self.outcomes = Log("goeswith.outcomes")
        self.prompts = Log("goeswith.prompts")
        self.letters = Log("goeswith.dead-letters")
        self.fold = OutcomeFold(
            self.settings,
            self.clock_s,
            register=self.register,
            now_s=self.clock_s,
            quiet=lambda: self.quiet,
        )
        self.controls = Log("goeswith.control")
        tail, letters, trail, ruled = PromptTail(), LetterFold(), LagTrail(60.0), ControlTail()
        self.sources = Pollers(
            self._poller("consumer lag", lambda: trail.seen(self.lag, self.now_s)),
            self._poller("the prompts topic", lambda: tail.look(self.prompts, self.now_s)),
            self._poller("the outcomes topic", lambda: self.fold.look(self.outcomes)),
            self._poller("dead letters", lambda: letters.look(self.letters, NOW_MS)),
            Poller("workers", lambda: nullcontext(lambda: self.workers), 2.0, self.clock_s),
            Poller("checkpoints", lambda: nullcontext(lambda: self.checkpoints), 2.0, self.clock_s),
            self._poller("controls", lambda: ruled.look(self.controls)),
            Lookups(self.tell, self.clock_s, self.clock_s),
            Plans(),
        )
        door = Door(self.settings)
        self.app: FastAPI = create_app(
            self.settings, self.sources, door, self.clock_s, self.operate
        )
        self.answers: dict[Question, Answer] = {}

    def register(self) -> Register | None:
        """What was declared, as far as it was read."""
        seen = self.sources.controls.reading.value
        return None if seen is None else seen.register

    def clock_s(self) -> float:
        """The time."""
        return self.now_s

    def tell(self, question: Question, progress: Progress, _so_far: SoFar) -> Answer:
        """What the topics would tell."""
        with progress("looking for the session", 10) as advance:
            advance(10)
        if question not in self.answers:
            raise KafkaUnreachable("no broker answered")
        return self.answers[question]

    def know(self, session_id: str, story: Answer) -> None:
        """The topics tell this of a session."""
        self.answers[StoryAsked(session_id)] = story

    def publish(self, *prompts: Prompt) -> None:
        """Prompts on their topic."""
        self.prompts.say(*(prompt.to_json() for prompt in prompts))

    def happen(self, *outcomes: AnyOutcome) -> None:
        """Outcomes on theirs."""
        for outcome in outcomes:
            self.outcomes.say(outcome.to_json(), at_ms=outcome.occurred_at_ms)

    def operate(self, record: ControlRecord) -> None:
        """A change of a control, on its topic."""
        if self.away:
            raise KafkaUnreachable("no broker answered at 127.0.0.1:9092")
        at, value = self.controls.partitions[0], encode_reference(record)
        number = len(self.controls.records)
        now_ms = int(self.now_s * 1000)
        self.controls.records.append(RawRecord(at, number, now_ms, record.key.encode(), value, []))

    def bury(self, value: bytes, reason: str = "invalid_json", message: str = "no JSON") -> None:
        """A dead letter."""
        headers = dead_letter_headers(
            topic="goeswith.events",
            partition=0,
            offset=17,
            timestamp_ms=NOW_MS,
            error=InvalidEvent(reason, message),
            original=(),
        )
        self.letters.say(value, headers=headers)

    def look(self) -> None:
        """Look everywhere once."""
        for source in self.sources[:7]:
            source.look()

    def client(self, token: str = WORD) -> httpx.AsyncClient:
        """A program that knows the token."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, client=("127.0.0.1", 4711)),
            base_url="http://console",
            headers={"authorization": f"Bearer {token}"} if token else {},
        )

    def _poller(self, name: str, look: Callable[[], Any]) -> Poller[Any]:
        def opening() -> AbstractContextManager[Callable[[], Any]]:
            if self.away:
                raise KafkaUnreachable("no broker answered at 127.0.0.1:9092")
            return nullcontext(look)

        return Poller(name, opening, 2.0, self.clock_s)


def checkpoint(age_s: float) -> Stored:
    """One in a topic, that old."""
    return Stored(
        fingerprint="1f0c3a5e7b92",
        sha256="0" * 64,
        size=4_000_000,
        offsets=(0,),
        lineage="x",
        events=123_456,
        reach=123_456,
        made_at_ms=int(1000 * (NOW_S - age_s)),
    )


def prompt(number: int = 1, **more: Any) -> Prompt:
    """A prompt of session so-and-so."""
    return PROMPT.model_copy(
        update={"prompt_id": f"p-{number}", "session_id": f"session-{number}", **more}
    )
