"""A storefront: sends its shoppers' events to a running goeswith, and reads what comes back."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from kafka import KafkaConsumer, KafkaProducer
from kafka.structs import TopicPartition

from streams.contract.events import Event, encode
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.codec import encode_reference
from streams.contract.published.outcomes import ANY_OUTCOME, Outcome
from streams.contract.published.prompts import ANY_PUBLISHED, Prompt, PromptWithdrawn
from streams.contract.settings import Settings
from streams.lab.embedded.worker_process import environment

T = TypeVar("T")

PATIENCE_S = 60.0
"""How long we wait for what must come; only a failure takes so long."""
GOESWITH_WORKER = "-m", "streams", "worker"


class Worker:
    """One `goeswith worker` in a process of its own, as an operator would start it."""

    def __init__(
        self, settings: dict[str, Any], log: Path, program: Sequence[str] = GOESWITH_WORKER
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, *program],
                env={**os.environ, **environment(Settings(**settings))},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def stop(self) -> int:
        """Ask it to finish, and wait; returns its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """End it at once, as a crash would."""
        return self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> int:
        if self.alive:
            self._process.send_signal(how)
        try:
            return self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise AssertionError(f"the worker did not end; its log: {self.said()}") from None

    def said(self) -> str:
        """The end of what it logged."""
        return self.log.read_text(errors="replace")[-4000:]


class Storefront:
    """Sends events and keeps everything that is published, from the beginning of the topics."""

    def __init__(self, settings: Settings, worker: Worker) -> None:
        self.settings, self.worker = settings, worker
        version = tuple(map(int, filter(None, settings.kafka_api_version.split("."))))
        self._options: dict[str, Any] = {"bootstrap_servers": settings.kafka_bootstrap}
        if version:
            self._options["api_version"] = version
        self._producer = KafkaProducer(
            **self._options, enable_idempotence=not version, max_request_size=8_000_000
        )
        self.published: dict[str, list[Any]] = {}
        self._consumer = KafkaConsumer(
            **self._options, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        topics = settings.topics
        outputs = (topics.prompts, topics.outcomes, topics.dead_letters)
        self._consumer.assign(
            [TopicPartition(t, p) for t in outputs for p in range(settings.partitions)]
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._producer.close()
        self._consumer.close()

    def send(self, *events: Event) -> None:
        """Send events in order; returns when the broker has them."""
        for event in events:
            self.send_raw(event.session_id.encode(), encode(event))

    def send_raw(
        self, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]] | None = None
    ) -> None:
        """Send whatever bytes there are."""
        topic = self.settings.topics.events
        self._producer.send(topic, key=key, value=value, headers=headers or []).get(PATIENCE_S)

    def sell(self, item: CatalogItem) -> None:
        """Put an item into the catalogue."""
        topic, key = self.settings.topics.catalog, item.item_id.encode()
        self._producer.send(topic, key=key, value=encode_reference(item)).get(PATIENCE_S)

    def wait_for(self, found: Callable[[], T | None], what: str) -> T:
        """Read what is published until `found` finds it; fails after a long while."""
        deadline = time.monotonic() + PATIENCE_S
        while (result := found()) is None or result is False:
            assert self.worker.alive, f"the worker died: {self.worker.said()}"
            assert time.monotonic() < deadline, f"no {what} came; the worker: {self.worker.said()}"
            for tp, records in self._consumer.poll(timeout_ms=100).items():
                self.published.setdefault(tp.topic, []).extend(records)
        return result

    def answer_to(self, event: Event) -> Prompt:
        """The prompt that an event caused."""

        def found() -> Prompt | None:
            return next((p for p in self.prompts() if p.caused_by == event.event_id), None)

        return self.wait_for(found, f"prompt for {event.event_id}")

    def prompts(self) -> list[Prompt]:
        """All prompts so far."""
        return [p for p in self._of_prompts() if isinstance(p, Prompt)]

    def withdrawals(self) -> list[PromptWithdrawn]:
        """All withdrawals so far."""
        return [p for p in self._of_prompts() if isinstance(p, PromptWithdrawn)]

    def outcomes(self) -> list[Outcome]:
        """All stages that prompts reached so far."""
        records = self.published.get(self.settings.topics.outcomes, [])
        found = (ANY_OUTCOME.validate_json(record.value) for record in records)
        return [outcome for outcome in found if isinstance(outcome, Outcome)]

    def dead_letters(self) -> list[Any]:
        """All dead letters so far, as records of kafka-python."""
        return self.published.get(self.settings.topics.dead_letters, [])

    def _of_prompts(self) -> list[Prompt | PromptWithdrawn]:
        return [
            ANY_PUBLISHED.validate_json(record.value)
            for record in self.published.get(self.settings.topics.prompts, [])
        ]
