"""A bus in memory: for tests, and for trying a storefront without a Kafka."""

from collections.abc import Callable, Iterable, Sequence

from streams.contract.errors import KafkaUnreachable
from streams.contract.events import ANY_EVENT, Event
from streams.contract.published.prompts import Published
from streams.storefront.gateway.bus.bus import EventRecord, Forget, Receive

Answerer = Callable[[Event], Iterable[Published]]
"""What a worker would publish for an event."""


def says_nothing(_: Event) -> Iterable[Published]:
    """A worker that never has anything to offer."""
    return ()


class MemoryBus:
    """Keeps the events that it is sent; what `answer` says to each of them comes back at once.

    Parameters
    ----------
    answer
        The worker behind it.
    """

    def __init__(self, answer: Answerer = says_nothing) -> None:
        self.answer = answer
        self.records: list[EventRecord] = []
        self.away = ""
        """Why nothing is taken; empty: everything is."""
        self.forget_catalog: Forget | None = None
        """Of who follows the catalogue."""
        self._receive: Receive | None = None
        self._catalog: Receive | None = None

    @property
    def events(self) -> list[Event]:
        """All events that were taken, in order."""
        return [ANY_EVENT.validate_json(record.value) for record in self.records]

    def follow(self, receive: Receive) -> None:
        """Hand over whatever is published from now on."""
        self._receive = receive

    def follow_catalog(self, receive: Receive, forget: Forget) -> None:
        """Hand over what is put into the catalogue from now on."""
        self._catalog, self.forget_catalog = receive, forget

    async def start(self) -> None:
        """Nothing to connect to."""

    async def stop(self) -> None:
        """Nothing to close."""

    async def send(self, records: Sequence[EventRecord]) -> None:
        """Keep them, and publish what they are answered with; raises `KafkaUnreachable`."""
        if self.away:
            raise KafkaUnreachable(self.away)
        self.records += records
        for record in records:
            for said in self.answer(ANY_EVENT.validate_json(record.value)):
                self.publish(said)

    async def trouble(self) -> str:
        """Why nothing is taken."""
        return self.away

    def publish(self, said: Published) -> None:
        """What a worker says to a session."""
        self.bring(said.session_id.encode(), said.to_json())

    def bring(self, key: bytes | None, value: bytes | None) -> None:
        """A record of the prompts topic, whatever it holds."""
        if self._receive is not None:
            self._receive(key, value)

    def bring_item(self, key: bytes | None, value: bytes | None) -> None:
        """A record of the catalogue, whatever it holds."""
        if self._catalog is not None:
            self._catalog(key, value)
