"""A whole goeswith for the length of a `with` block: broker, topics, Redis, one worker.

Broker and Redis are the embedded ones, or a real Kafka that is given. Either way topics, group,
receipts and checkpoints are the demo's own, whatever the environment says (`self_contained`), so
that invented shoppers never meet real ones.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from streams.cli.options import self_contained, speaking_to, typed
from streams.clients.connection.addresses import free_port
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.settings import Settings
from streams.lab.embedded.broker import EmbeddedBroker
from streams.lab.embedded.redis_server import EmbeddedRedis
from streams.lab.embedded.worker_process import WorkerProcess
from streams.operations.topics import create_topics
from streams.storefront.reference.topic_log import send

PREFIX = "goeswith-demo"
HURRIED: dict[str, Any] = {
    "cool_down_s": 2.0,
    "just_bought_s": 5.0,
    "prompt_ttl_s": 10.0,
    "segments": "regular,explorer",
}
"""Shoppers of the demo think for half a second, not for half a minute: our pauses shrink, too."""
EMBEDDED: dict[str, Any] = {
    "kafka_api_version": "2.0",
    "fetch_wait_fixed": True,
}
"""What the embedded broker needs (see `streams/lab/embedded/broker.py`)."""

ProgressCallback = Callable[[str], None]

OF_THE_GROUP = ("lag", "console")
"""Commands that look at the workers' group."""


class Installation(NamedTuple):
    """A goeswith that runs; `worker` is None where somebody else started it."""

    settings: Settings
    worker: WorkerProcess | None
    embedded: bool = False

    def beside(self, command: str) -> str:
        r"""The shell command that looks at this installation from another terminal.

        It is in lines that fit a narrow terminal, to be pasted as they stand.

        >>> there = Settings(kafka_bootstrap="127.0.0.1:4711", topic_prefix="goeswith-demo")
        >>> print(Installation(there, worker=None).beside("lag"))
        goeswith lag --bootstrap 127.0.0.1:4711 --prefix goeswith-demo \
            --group goeswith
        """
        pages = command == "console" and self.settings.web_port
        more = ["--workers", self.settings.page_url] if pages else []
        return typed(self.settings, *command.split(), *more, group=command in OF_THE_GROUP)


@contextmanager
def installed(
    bootstrap: str | None,
    say: ProgressCallback,
    catalogue: Iterable[CatalogItem] = (),
    more: Mapping[str, Any] | None = None,
) -> Iterator[Installation]:
    """A running installation; each step is said while it is done.

    `catalogue` is written to the catalog topic before the worker starts, which reads it first;
    `more` are settings above the demo's own.
    """
    inherited = speaking_to(bootstrap)
    with ExitStack() as stack:
        own: dict[str, Any] = {
            **HURRIED,
            "topic_prefix": PREFIX,
            "group_id": PREFIX,
            "receipt_secret": secrets.token_urlsafe(32),
            "web_port": free_port(),
            **(more or {}),
        }
        if bootstrap is None:
            say("starting the embedded broker")
            own |= EMBEDDED | {"kafka_bootstrap": stack.enter_context(_broker(own)).bootstrap}
        else:
            own["kafka_bootstrap"] = bootstrap
            say(f"creating the topics {PREFIX}.* at {bootstrap}, where they are missing")
            create_topics(self_contained(inherited, **own))
        say("starting Redis")
        own["redis_url"] = own["checkpoint_url"] = stack.enter_context(EmbeddedRedis()).url
        settings = self_contained(inherited, **own)
        if records := tuple(catalogue):
            say(f"writing a catalogue of {len(records)} items to {settings.topics.catalog}")
            send(settings, settings.topics.catalog, records)
        say("starting a worker")
        worker = stack.enter_context(WorkerProcess(settings))
        yield Installation(settings, worker, embedded=bootstrap is None)


def _broker(own: dict[str, Any]) -> EmbeddedBroker:
    settings = self_contained(**own)
    reference = dict.fromkeys(settings.topics.reference(), 1)
    declared = dict.fromkeys(settings.topics.declared(), settings.partitions)
    return EmbeddedBroker(declared | reference)
