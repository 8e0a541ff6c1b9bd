"""Whether a log is answered: read from outside, off what the workers have committed."""

from collections.abc import Iterable
from typing import Protocol

from streams.clients.async_kafka import committed
from streams.contract.settings import Settings
from streams.lab.bench.stage import tape
from streams.lab.bench.stage.contenders import until


class Checked(Protocol):
    """A program that may have ended."""

    def check(self) -> None:
        """Raise `WorkerFailed` when it has."""


async def until_answered(
    settings: Settings, events: int, crew: Iterable[Checked], what: str
) -> None:
    """Return when so many events are committed; raises `WorkerFailed` when that does not come."""
    workers = [*crew]
    async with tape.admin(settings.kafka_bootstrap) as admin:

        async def through() -> bool:
            for worker in workers:
                worker.check()
            return sum((await committed(admin, settings)).values()) == events

        await until(through, what)
