"""The end of a log, followed while nobody asks: whoever asks of the last minutes waits little.

To look for a session and to fold the log from its beginning takes longer the older it is; most
questions are of what has just happened. So a log that begins short is read along, folded, and every
few seconds a mark is made: where all topics ended, and the shop as it was. A session that was first
seen after a mark is looked for from there on, and its decisions are told by the shop of the mark,
folded on. That gives what a fold from the beginning gives: of a session nothing lies before.

It is followed as long as that takes little: a log that is long at first, or fast, is not, nor one
whose shop has become large; of the rest the end is held, some minutes of it.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from time import monotonic

from models import SnapshotError
from streams.cli.options import with_some_secret
from streams.clients.log_reader import LogReader, Offsets, Partition, RawRecord, open_reader
from streams.contract.errors import GoeswithError, NotEnough
from streams.contract.settings import Settings
from streams.operations.explanation.log.access import Opened
from streams.operations.explanation.log.first_seen import FirstSeen
from streams.operations.explanation.log.held import HeldLog
from streams.operations.explanation.log.marks import LogMark, mark_of, thinned
from streams.operations.explanation.log.said import said_in
from streams.operations.rebuild import fold_record
from streams.shop.shop import Shop

logger = logging.getLogger(__name__)

FOLLOW_S = 2.0
"""So often it is read on."""
MARK_S = 20.0
"""Between two marks, at least."""
BEGIN_MAX = 30_000
"""A log of more records is not followed from its beginning: pages would wait for that."""
RATE_S, PER_S_MAX = 30.0, 400.0
"""Nor is one of more events a second in half a minute: to fold them takes a tenth of a core."""
END_RECORDS_MAX, END_BYTES_MAX = 80_000, 80_000_000
"""So much of its end is held."""
SHOP_BYTES_MAX = 2_000_000
"""And a shop as long as it takes no more than this, packed."""
SINCES_MAX = 1_000
"""Of so many moments it is known at most what the log held then."""
OPEN_S = 300.0
"""So long it stays open: topics may have got more partitions."""
IDLE_S, IDLE_LOOK_S = 300.0, 30.0
"""So long after the last question it is read on more seldom, and is closed in between."""
PAUSE_S, RETRY_S = 60.0, 10.0
"""So long after it was given up, and after an error, it is tried again."""


class FollowedLog:
    """The end of the log of a shop, for one thread."""

    def __init__(
        self,
        settings: Settings,
        held: HeldLog | None = None,
        steady_s: Callable[[], float] = monotonic,
        open_log: Opened = open_reader,
    ) -> None:
        self.settings = with_some_secret(settings)
        self.held = HeldLog() if held is None else held
        self.marks: list[LogMark] = []
        """The earliest first; none: it is not followed."""
        self.end_records_max, self.sinces_max = END_RECORDS_MAX, SINCES_MAX
        self._steady_s = steady_s
        self._paused_until_s = float("-inf")
        self._open_reader, self._opened = open_log, ExitStack()
        self._reader: LogReader
        """Of these topics; of none: it is closed."""
        self._topics: tuple[str, ...] = ()
        self._opened_s = float("-inf")
        self._asked_s, self._rested_s = steady_s(), float("-inf")
        self._reset()

    def _reset(self) -> None:
        self.marks = []
        self._shop = Shop(self.settings)
        self._seen = FirstSeen()
        self._sinces: deque[tuple[int, Offsets]] = deque()
        """Where events went on at all marks, while the log holds what lay before the next one."""
        self._generation = -1
        self._number, self._newest_ms, self._gone = 0, -1, 0
        self._published: Offsets = {}
        self._marked_s = self._looked_s = self._steady_s()
        self._ends = 0

    def rest(self, is_asked: Callable[[], bool] = lambda: False) -> None:
        """Nobody asks just now: read on, until somebody does."""
        now_s = self._steady_s()
        if now_s < self._paused_until_s:
            self.held.rest()
            return
        idle = now_s - self._asked_s > IDLE_S
        if idle and now_s - self._rested_s < IDLE_LOOK_S:
            return
        self._rested_s = now_s
        topics = self.settings.topics
        names = topics.events, topics.prompts, topics.outcomes, topics.dead_letters
        try:
            with self._open(self.settings, *names) as reader:
                self.look(reader, is_asked)
        except GoeswithError:  # pages say so; what was followed goes on from where it was
            self._paused_until_s, self._rested_s = self._steady_s() + RETRY_S, float("-inf")
        finally:
            if idle and not is_asked():  # whoever asks now would open it again at once
                self.close()

    @contextmanager
    def open(self, settings: Settings, *topics: str) -> Iterator[LogReader]:
        """As `open_reader`, but that what is held is not read again, and that it stays open.

        For whoever asks: some minutes after the end of the last question it is closed.
        """
        try:
            with self._open(settings, *topics) as reader:
                yield reader
        finally:  # one that takes minutes is not long ago when it ends
            self._asked_s = self._steady_s()

    @contextmanager
    def _open(self, settings: Settings, *topics: str) -> Iterator[LogReader]:
        now_s = self._steady_s()
        if topics != self._topics or now_s - self._opened_s > OPEN_S:
            self.close()
            self._reader = self._opened.enter_context(self._open_reader(settings, *topics))
            self._topics, self._opened_s = topics, now_s
        try:
            with self.held.asked():
                yield self.held.over(self._reader)
        except NotEnough:
            raise
        except GoeswithError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of Kafka; whoever asks opens it again."""
        self._topics = ()
        self._opened.close()

    def look(self, reader: LogReader, is_asked: Callable[[], bool] = lambda: False) -> None:
        """Read on, by a reader of what is held."""
        if not self._goes_on(reader):
            return
        published, events = self._told_apart(reader.ends())
        if self._too_fast(sum(events.values())):
            self._give_up("it is too fast")
            return
        begins = {at: self._shop.position.get(at.number, 0) for at in events}
        for record in reader.between({**begins, **self._published}, {**events, **published}):
            self._note(record)
            if is_asked():
                return
        self._published = published
        if self._steady_s() - self._marked_s >= MARK_S:
            since = {**published, **events}
            if since == self.marks[-1].since:  # nothing came: the mark is as good as a new one
                self._marked_s = self._steady_s()
            else:
                self._mark(reader, since)

    def begin(self, reader: LogReader, session_id: str) -> LogMark | None:
        """A mark before which nothing is told of a session; None: all of the log has to be read.

        It is the mark before the last one that was made before the session's first event: when that
        was made, the event was not there, so that nothing had been published because of it when the
        one before was made.
        """
        if not self.marks or self._generation != self.held.generation or not self.held.holds:
            return None
        first = self._seen.first(session_id.encode())
        latest = max(0, (self._number if first is None else first) - 1)
        _, begins = self._told_apart(reader.begins())
        for mark in reversed(self.marks):
            if mark.number <= latest and _goes_back_to(mark.since, begins):
                return mark
        return None

    def _goes_on(self, reader: LogReader) -> bool:
        """Whether the log is followed: begun anew where it is another one, if it is short."""
        if not self.held.holds:
            self._give_up("it is long")
        elif self._generation != self.held.generation or not self.marks:
            self._reset()
            begins, ends = reader.begins(), reader.ends()
            if any(at.number >= self.settings.partitions for at in ends):
                self._give_up("its topics have more partitions than GOESWITH_PARTITIONS says")
                return False
            if sum(ends[at] - begins[at] for at in ends) > BEGIN_MAX:
                self._give_up("it is long already")
                return False
            self._generation = self.held.generation
            self._published, events = self._told_apart(begins)
            for at, begin in events.items():
                self._shop.start(at.number, begin)
            self._gone = sum(events.values())
            self._ends = sum(self._told_apart(ends)[1].values())
            self._mark(reader, begins)
        return bool(self.marks)

    def _told_apart(self, offsets: Offsets) -> tuple[dict[Partition, int], dict[Partition, int]]:
        """Those of what is published, and those of events."""
        topic = self.settings.topics.events
        events = {at: offset for at, offset in offsets.items() if at.topic == topic}
        return {at: offset for at, offset in offsets.items() if at not in events}, events

    def _too_fast(self, ends: int) -> bool:
        now_s = self._steady_s()
        came, took_s = ends - self._ends, max(RATE_S, now_s - self._looked_s)
        if now_s - self._looked_s >= RATE_S:
            self._ends, self._looked_s = ends, now_s
        return came > PER_S_MAX * took_s

    def _note(self, record: RawRecord) -> None:
        """Fold an event, and remember whose it was."""
        if record.at.topic != self.settings.topics.events:
            return
        self._newest_ms = max(self._newest_ms, record.timestamp_ms)
        self._seen.note(record.key or b"", self._number)
        if fold_record(self._shop, record) is None:  # who is meant stands in it
            said = said_in(record.value or b"").get("session_id")
            if isinstance(said, str):
                self._seen.note(said.encode(errors="surrogatepass"), self._number)

    def _mark(self, reader: LogReader, since: Offsets) -> None:
        """All that lies before these offsets is folded: remember how things stand."""
        number = self._number + 1 if self.marks else 0
        try:
            mark = mark_of(self._shop, number, since, self._newest_ms, self._gone)
        except SnapshotError as error:
            self._give_up(str(error))
            return
        if len(mark.kept) > SHOP_BYTES_MAX:
            self._give_up("its shop is large")
            return
        self._number, self._marked_s = number, self._steady_s()
        self.marks = thinned([*self.marks, mark])
        self._sinces.append((number, self._told_apart(since)[1]))
        self._bound(self._told_apart(reader.begins())[1])

    def _bound(self, begins: Offsets) -> None:
        """Hold the end alone, and no ids of sessions that the log has forgotten."""
        while len(self.marks) > 1 and (
            len(self.held) > self.end_records_max or self.held.bytes > END_BYTES_MAX
        ):
            del self.marks[0]
            self.held.forget(self.marks[0].since)
        while len(self._sinces) > 1 and _is_gone(self._sinces[1][1], begins):
            self._sinces.popleft()
        if len(self._sinces) > self.sinces_max:  # ids of sessions in between stay longer
            self._sinces = deque([*islice(self._sinces, 0, None, 2)])
        if self._seen.full:
            self._seen.forget(self._sinces[0][0])
        if self._seen.full:
            self._give_up("it has too many sessions")

    def _give_up(self, why: str) -> None:
        """Follow it no more for a while."""
        if self.marks:
            logger.info("the log is not followed any more, so that look-ups take longer: %s", why)
        self._reset()
        self.close()
        self._paused_until_s = self._steady_s() + PAUSE_S


def _goes_back_to(since: Offsets, begins: Offsets) -> bool:
    """Whether all that came since is there; of a partition that came since nothing is known."""
    return all(at in since and since[at] >= begin for at, begin in begins.items())


def _is_gone(since: Offsets, begins: Offsets) -> bool:
    """Whether the log has forgotten all that lay before."""
    return all(offset <= begins.get(at, 0) for at, offset in since.items())
