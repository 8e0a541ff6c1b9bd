"""Watches the topics while the worker works: what is wrong is told within seconds, and ends it.

```
look, every `topics_look_s` ──► findings ──► errors: reasons of /readyz, a line of log, a counter
                                        └──► warnings: notes of /readyz, a line of log, a counter
```

A worker does not go on under topics that it would not start with. Of these errors it tells, and
ends at the next look, if they are still there:

- *Another log under the same name* (`recreated`), and *a log whose end was lost* (`went_back`).
  Offsets have another meaning now: what would be folded as new is not, and what is new would pass
  for known. So nothing more is written to the place of checkpoints, and the worker ends with
  `LogReplaced`. The next one finds that the last checkpoint is of another log, and waits for the
  word of an operator: see `streams.worker.checkpointing.other_log`.
- *Another number of partitions* and *senders' time*: `TopicsWrong`, as at the start.

Other errors are told as long as they are there. A broker that does not answer tells nothing: what
was found stands, and the watchdog says that Kafka is away.

Twice, because one look may deceive: a new leader tells an end that is too low, for a moment, and a
topic that is deleted is gone from one broker and still there on another. Twice of the same topic or
partition: while brokers are restarted one by one, each look may find another new leader.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from aiokafka.errors import KafkaError
from mode import Service

from streams.clients.connection.topics.findings import Finding, TopicsSeen
from streams.clients.connection.topics.judge import judged
from streams.contract.errors import GoeswithError, LogReplaced, TopicsWrong
from streams.contract.settings import Settings
from streams.contract.topics import same_id
from streams.worker.telemetry import Telemetry

logger = logging.getLogger(__name__)

LOOK_S_MAX = 5.0
"""So long one look may take; what takes longer is a broker that is away."""
ENDING: Mapping[str, type[GoeswithError]] = {
    "recreated": LogReplaced,
    "went_back": LogReplaced,
    "partitions": TopicsWrong,
    "time": TopicsWrong,
}
"""What ends a worker, and how."""
REPLACED = frozenset(kind for kind, error in ENDING.items() if error is LogReplaced)
"""With one of these offsets have another meaning: seen once, no checkpoint is written."""
CERTAIN = ("recreated", "partitions", "time")
"""Errors that one look tells for certain; of any other one two in a row have to."""


class LooksAtTopics(Protocol):
    """Looks at the topics; raises aiokafka's errors, and `TimeoutError`."""

    async def look(self) -> TopicsSeen:
        """What is to be seen now."""

    async def events_id(self) -> str | None:
        """The id of the events topic now; empty: not told; None: it is not there."""

    async def close(self) -> None:
        """Let go of what is open."""


class TopicWatch(Service):
    """Watches the topics of one worker. `topic_id` says which log it has folded.

    `topics_there` is set when the topics have been looked at: nothing is asked of them before.
    `waiting` says why the worker waits for the word of an operator, if it does.
    """

    def __init__(
        self,
        settings: Settings,
        look: LooksAtTopics,
        telemetry: Telemetry,
        *,
        topics_there: asyncio.Event,
        topic_id: Callable[[], str],
        waiting: Callable[[], Sequence[str]] = tuple,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.findings: Sequence[Finding] = ()
        """What is wrong, as of the latest look, errors first."""
        self._settings, self._look, self._telemetry = settings, look, telemetry
        self._topics_there, self._topic_id, self._waiting = topics_there, topic_id, waiting
        self._looks: Mapping[tuple[str, str], int] = {}
        """At how many looks in a row an error was found, by kind and subject."""
        self._blind = False

    @property
    def errors(self) -> list[str]:
        """Why the worker is not ready, a sentence each."""
        found = [str(finding) for finding in self.findings if finding.level == "error"]
        return [*self._waiting(), *found]

    @property
    def warnings(self) -> list[str]:
        """What an operator should know besides."""
        return [str(finding) for finding in self.findings if finding.level == "warning"]

    def as_json(self) -> list[dict[str, str]]:
        """All of it, for a page."""
        return [finding._asdict() for finding in self.findings]

    async def is_same_log(self) -> bool:
        """Whether the events topic is still the one that was folded; no, where Kafka is away.

        Nor where the latest look says otherwise, though it may deceive: a checkpoint can wait. But
        one whose id is not told passes for the same, or there would be none for ever.
        """
        if any(kind in REPLACED for kind, _ in self._looks):
            return False
        try:
            async with asyncio.timeout(LOOK_S_MAX):
                now = await self._look.events_id()
        except (KafkaError, TimeoutError):
            return False
        return now is not None and same_id(now, self._topic_id())

    async def look(self) -> None:
        """Look once, and note what is found. Raises `LogReplaced` or `TopicsWrong`."""
        async with asyncio.timeout(LOOK_S_MAX):
            seen = await self._look.look()
        found = judged(seen, self._settings, self._topic_id())
        wrong = {_key(finding) for finding in found if finding.level == "error"}
        self._looks = {one: self._looks.get(one, 0) + 1 for one in wrong}
        self._tell([f for f in found if f.level == "warning" or self._is_certain(f)])
        for finding in self.findings:
            if finding.kind in ENDING and self._is_certain(finding, more=1):
                raise ENDING[finding.kind](f"{finding}. The worker ends")

    def _is_certain(self, finding: Finding, more: int = 0) -> bool:
        """Whether an error was there often enough to be told, or to end the worker."""
        enough = (1 if finding.kind in CERTAIN else 2) + more
        return self._looks.get(_key(finding), 0) >= enough

    def _tell(self, found: Sequence[Finding]) -> None:
        """A line for what is new, which is counted, and for what is over."""
        before = {_key(finding) for finding in self.findings}
        now = {_key(finding) for finding in found}
        for finding in found:
            if _key(finding) not in before:
                self._telemetry.topic_findings[finding.kind] += 1
                logger.warning("%s: %s", finding.level, finding)
        for kind, subject in sorted(before - now):
            logger.warning("%s: no longer %s", subject, kind)
        self.findings = tuple(found)

    @Service.task
    async def _watch(self) -> None:
        await self.wait(self._topics_there.wait())
        while not self.should_stop:
            try:
                await self.look()
                self._blind = False
            except (LogReplaced, TopicsWrong) as wrong:
                await self.crash(wrong)
                return
            except (KafkaError, TimeoutError) as error:
                if not self._blind:
                    logger.warning("the topics cannot be looked at: %r; trying again", error)
                self._blind = True
                await self._look.close()
            await self.sleep(self._settings.topics_look_s)

    async def on_stop(self) -> None:
        """Close the client."""
        await self._look.close()


def _key(finding: Finding) -> tuple[str, str]:
    """What tells a finding from others; its words may change from look to look."""
    return finding.kind, finding.subject
