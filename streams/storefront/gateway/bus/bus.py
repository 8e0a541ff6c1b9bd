"""The bus: what the gateway needs of Kafka, and nothing else."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

Receive = Callable[[bytes | None, bytes | None], bool | None]
"""Takes the key and the value of a record of a topic that is followed; raises nothing. True: it was
handed to somebody here."""
Forget = Callable[[], None]
"""Takes notice that a topic is another one now."""


class EventRecord(NamedTuple):
    """An event on its way to the events topic."""

    key: bytes
    """The session id."""
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    """Of which trace it is, where the request is traced."""


class Bus(Protocol):
    """Takes events, and brings prompts and withdrawals."""

    def follow(self, receive: Receive) -> None:
        """Hand over every record of the prompts topic that comes from now on."""

    def follow_catalog(self, receive: Receive, forget: Forget) -> None:
        """Hand over every record of the catalogue, from its beginning, if there is such a topic."""

    async def start(self) -> None:
        """Connect; once is enough. Raises an error of our tree that names what to set."""

    async def stop(self) -> None:
        """Close what was opened."""

    async def send(self, records: Sequence[EventRecord]) -> None:
        """Return when all of these events are kept; in order, a session's on one partition.

        Raises `KafkaUnreachable` when they may not be: then they are to be sent again, all of
        them, under their ids.
        """

    async def trouble(self) -> str:
        """Why events are not taken or prompts do not come just now; empty: all is well."""
