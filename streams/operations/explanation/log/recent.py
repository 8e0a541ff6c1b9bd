"""A session found in the end of a log that was followed, and the shop as it was before."""

from typing import NamedTuple

from streams.cli.options import with_some_secret
from streams.clients.log_reader import LogReader, Offsets
from streams.contract.settings import Settings
from streams.operations.explanation.log.access import LogAccess
from streams.operations.explanation.log.session_log import SessionEvents, read_session
from streams.shop.shop import Shop


class FoundSession(NamedTuple):
    """A session on the log, and a shop that has folded nothing of it yet."""

    log: SessionEvents
    since: Offsets | None
    """Before these offsets nothing was published because of its events; None: unknown."""
    shop: Shop
    gone: int
    """So many events are gone that the shop does not know."""
    whole: bool = True
    """Whether there is no earlier event of the session."""


def from_the_beginning(
    reader: LogReader,
    settings: Settings,
    log: SessionEvents,
    since: Offsets | None,
    *,
    whole: bool = True,
) -> FoundSession:
    """A session that was looked for in all of the log, and a shop that stands where that begins."""
    begins = {at: n for at, n in reader.begins().items() if at.topic == settings.topics.events}
    shop = Shop(with_some_secret(settings))
    for at, begin in begins.items():
        shop.start(at.number, begin)
    return FoundSession(log, since, shop, sum(begins.values()), whole)


def recent(
    reader: LogReader, session_id: str, settings: Settings, access: LogAccess
) -> FoundSession | None:
    """A session that began of late; None: it has to be looked for in all of the log.

    What is told is what all of the log tells. So a mark does where all that was folded by then is
    older than the session's events, by the times of the records, too: clocks of senders differ.
    """
    mark = access.begin(reader, session_id)
    if mark is None:
        return None
    topic, ends = settings.topics.events, reader.ends()
    records = sum(ends[at] - begin for at, begin in mark.since.items() if at.topic == topic)
    with access.progress("looking for the session in the last minutes", records) as advance:
        log = read_session(reader, session_id, settings, advance, mark.since, access.check)
    if any(event.timestamp_ms < mark.newest_ms for event in log.events):
        return None
    return FoundSession(log, mark.since, mark.shop(with_some_secret(settings)), mark.gone)
