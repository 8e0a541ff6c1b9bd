"""A log that is followed: what is told from its last minutes is what all of it tells."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from streams.cli.options import with_some_secret
from streams.clients.log_reader import LogReader
from streams.contract.errors import KafkaUnreachable
from streams.contract.events import Event, encode
from streams.contract.settings import Settings
from streams.operations.explanation.fates import fate
from streams.operations.explanation.log.access import LogAccess
from streams.operations.explanation.log.first_seen import FirstSeen
from streams.operations.explanation.log.followed import (
    BEGIN_MAX,
    FOLLOW_S,
    IDLE_LOOK_S,
    IDLE_S,
    MARK_S,
    OPEN_S,
    PAUSE_S,
    PER_S_MAX,
    RATE_S,
    RETRY_S,
    FollowedLog,
)
from streams.operations.explanation.log.held import HeldLog
from streams.operations.explanation.log.marks import MARKS_MAX
from streams.operations.explanation.log.recent import FoundSession, recent
from streams.operations.explanation.log.session_log import read_published, read_session
from streams.operations.explanation.retold import retell
from streams.operations.explanation.why.decided import behind
from streams.operations.explanation.why_not.asking import Standing, asked_at
from streams.shop.shop import Shop
from tests.operations.explanation.kept_log import OneWorker
from tests.operations.explanation.log.test_held import TimedLog
from tests.operations.explanation.test_explanation import DOES, ITEMS, POLITE, live
from tests.stories import NOON_MS, Story

NAMES = ("ann", "bob", "carl", "dora", "emil", "fred", "gina")
STEPS = st.lists(st.tuples(st.sampled_from(NAMES), DOES, ITEMS, st.integers(0, 40)), max_size=40)


class Following(OneWorker):
    """A worker whose log is followed: looked at after some of the events, a while apart."""

    def __init__(
        self, looks: Callable[[int], bool] = lambda _: True, log: type[TimedLog] = TimedLog
    ) -> None:
        super().__init__(Settings(**POLITE))
        self.log = log(self.settings)
        self.looks, self.taken, self.now_s = looks, 0, 0.0
        keyless = self.settings.model_copy(update={"receipt_secret": SecretStr("")})
        self.teller = with_some_secret(keyless)
        self.followed = FollowedLog(self.teller, HeldLog(), lambda: self.now_s)
        self.look()

    def look(self, after_s: float = MARK_S) -> None:
        """Look at the log, so much later."""
        self.now_s += after_s
        self.followed.look(self.followed.held.over(self.log))

    def take(
        self, number: int, event: Event, key: bytes | None = None, *, delay_s: float = 0.0
    ) -> None:
        """An event, and perhaps a look at the log."""
        super().take(number, event, key, delay_s=delay_s)
        self.taken += 1
        if self.looks(self.taken):
            self.look()

    def recent(self, session_id: str) -> FoundSession | None:
        """The session, as it is found in what was followed."""
        access = LogAccess(begin=self.followed.begin)
        reader = self.followed.held.over(self.log)
        return recent(reader, session_id, self.teller, access)

    def whole(self, session_id: str) -> FoundSession:
        """The same, found in all of the log."""
        return FoundSession(
            read_session(self.log, session_id, self.teller), None, Shop(self.teller), 0
        )

    def fates(self, session_id: str, found: FoundSession) -> list[dict[str, Any]]:
        """What became of the session's events."""
        log, since, shop, *_ = found
        published = read_published(self.log, log, session_id, self.teller, since)
        retold = retell(shop, self.log, log, published, log.events)
        committed: dict[int, int | None] = dict.fromkeys(range(2), 1_000_000)
        return [fate(event, published, retold, committed).to_json() for event in log.events]

    def whys(self, session_id: str, found: FoundSession) -> list[Any]:
        """What stood behind the session's first prompt."""
        log, since, shop, *_ = found
        published = read_published(self.log, log, session_id, self.teller, since)
        for event in log.events:
            for prompt in published.prompts.get(event.place, ()):
                decision = event, prompt.placement
                asked = asked_at(shop, self.log, log, published, decision, Standing())
                return [prompt, behind(shop, asked, prompt)]
        return []


def crowd(worker: Following, sessions: int, since_ms: int = NOON_MS) -> None:
    """So many sessions, a second apart: each adds bread and butter."""
    for number in range(sessions):
        story = Story(f"crowd-{number}", start_ms=since_ms + 1_000 * number)
        worker.take(number % 2, story.add("bread"))
        worker.take(number % 2, story.add("butter"))


@given(STEPS, st.sets(st.integers(1, 40)))
def test_what_is_told_from_the_last_minutes_is_what_all_of_the_log_tells(
    steps: list[tuple[str, str, str, int]], looks: set[int]
) -> None:
    """Stories and whys, by whichever mark, and by a shop that has been packed in between."""
    worker = Following(looks.__contains__)
    live(worker, steps)
    for told in (worker.fates, worker.whys):
        for who in NAMES:
            found = worker.recent(who)
            assert found is not None
            assert told(who, worker.whole(who)) == told(who, found)


def test_who_asks_of_the_last_minutes_does_not_wait_for_what_came_before() -> None:
    """Neither to find the session, nor to fold the log."""
    worker = Following()
    crowd(worker, 60)
    story = Story("ann", start_ms=NOON_MS + 500_000)
    worker.take(1, story.view("bread"))
    worker.take(1, story.add("tea"))
    found = worker.recent("ann")
    assert found is not None
    assert found.since is not None
    events = [n for at, n in found.since.items() if at.topic == worker.settings.topics.events]

    assert 118 <= sum(events) <= 120
    assert sum(found.shop.position.values()) == sum(events)
    assert 2 == len(worker.fates("ann", found))


def test_a_session_that_goes_on_is_told_from_where_it_began() -> None:
    """However many marks have been made since."""
    worker = Following()
    story = Story("ann", start_ms=NOON_MS)
    worker.take(0, story.view("bread"))
    crowd(worker, 3 * MARKS_MAX, NOON_MS + 1_000)
    worker.take(0, Story("ann", start_ms=NOON_MS + 500_000).view("tea", event_id="later"))
    found = worker.recent("ann")

    assert found is not None
    assert 2 == len(found.log.events)
    assert len(worker.followed.marks) == MARKS_MAX


def test_a_sender_whose_clock_is_behind_is_looked_for_in_all_of_the_log() -> None:
    """A fold up to its event leaves out what others wrote later: no mark stands so early."""
    worker = Following()
    crowd(worker, 10)
    worker.take(0, Story("ann", start_ms=NOON_MS - 60_000).view("bread"))

    assert worker.recent("ann") is None
    assert worker.recent("crowd-9") is not None


@pytest.mark.parametrize("key", [b"ann", b"other"], ids=["by its key", "by what it says"])
def test_what_is_no_event_belongs_to_its_session_all_the_same(key: bytes) -> None:
    """A dead letter is part of the story: what came before the session's first one is not."""
    worker = Following()
    said = encode(Story("ann", start_ms=NOON_MS).view("bread")).replace(b'"bread"', b'""')
    worker.log.append(worker.settings.topics.events, 0, key, said, NOON_MS)
    crowd(worker, 10, NOON_MS + 1_000)
    worker.take(0, Story("ann", start_ms=NOON_MS + 60_000).view("bread"))
    found = worker.recent("ann")

    assert found is not None
    assert len(worker.whole("ann").log.events) == len(found.log.events) == 2


def test_what_was_published_while_a_mark_was_made_is_not_lost() -> None:
    """A broker tells the ends of topics one after the other: an event may come in between."""

    class Busy(TimedLog):
        comes: Callable[[], None] | None = None

        def ends(self) -> Any:
            found, events = super().ends(), Settings(**POLITE).topics.events
            if (comes := self.comes) is not None:
                self.comes = None
                comes()
                found |= {at: end for at, end in super().ends().items() if at.topic != events}
            return found

    worker = Following(lambda _: False, Busy)
    assert isinstance(worker.log, Busy)
    crowd(worker, 10)
    story = Story("ann", start_ms=NOON_MS + 60_000)
    worker.log.comes = lambda: worker.take(0, story.view("bread"))
    worker.look()
    found = worker.recent("ann")

    assert found is not None
    assert ["prompt"] == [each["became"] for each in worker.fates("ann", found)]


def test_a_long_log_is_not_followed_nor_one_that_is_fast() -> None:
    """It is tried again after a while; what goes on slowly is followed again."""
    for came, follows in ((int(PER_S_MAX * RATE_S), True), (int(PER_S_MAX * RATE_S) + 1, False)):
        worker = Following()
        for _ in range(came):
            worker.log.append(worker.settings.topics.events, 0, b"k", b"", NOON_MS)
        worker.look(FOLLOW_S)
        assert follows == bool(worker.followed.marks)
        worker.look(PAUSE_S)
        assert worker.followed.marks
    for _ in range(BEGIN_MAX):
        worker.log.append(worker.settings.topics.events, 0, b"k", b"", NOON_MS)
    worker.followed = FollowedLog(worker.teller, HeldLog(), lambda: worker.now_s)
    worker.look()
    assert not worker.followed.marks
    assert worker.recent("k") is None


def test_of_a_log_that_goes_on_the_end_is_held() -> None:
    """Some minutes of it, and few marks; what came before is read where it is asked for."""
    worker = Following()
    worker.followed.end_records_max = 100
    for number in range(30):
        crowd(worker, 5, NOON_MS + 10_000 * number)
        assert len(worker.followed.held) <= 100 + 20
        assert len(worker.followed.marks) <= MARKS_MAX
    reader = worker.followed.held.over(worker.log)
    told = list(reader.between(worker.log.begins(), worker.log.ends()))
    for at, records in worker.log.records.items():
        assert records == [record for record in told if record.at == at]
    assert worker.followed.marks[0].number > 0


def test_a_mark_behind_which_retention_has_come_tells_nothing() -> None:
    """Events that the shop of the mark does not know are gone from the log."""

    class Shortened(TimedLog):
        gone = 0

        def begins(self) -> Any:
            events = Settings(**POLITE).topics.events
            return {
                at: min(self.gone, len(records)) if at.topic == events else 0
                for at, records in self.records.items()
            }

    worker = Following(log=Shortened)
    assert isinstance(worker.log, Shortened)
    worker.take(0, Story("ann", start_ms=NOON_MS).view("bread"))
    crowd(worker, 10, NOON_MS + 1_000)
    assert worker.recent("ann") is not None
    worker.log.gone = 1
    assert worker.recent("ann") is None
    assert worker.recent("crowd-9") is not None


def test_where_nothing_comes_no_further_mark_is_made() -> None:
    """A shop that stands still is packed once, and its marks stay where they are of use."""
    worker = Following()
    crowd(worker, 3)
    marks = [mark.number for mark in worker.followed.marks]
    for _ in range(50):
        worker.look()

    assert marks == [mark.number for mark in worker.followed.marks]


def test_of_how_many_moments_it_is_known_what_the_log_held_has_a_bound() -> None:
    """The first one stays, and ids of sessions with it: none is forgotten too early."""
    worker = Following()
    worker.followed.sinces_max = 20
    crowd(worker, 30)
    kept = [number for number, _ in worker.followed._sinces]

    assert 10 <= len(kept) <= 20
    assert (0, sorted({*kept})) == (kept[0], kept)


def test_topics_of_more_partitions_than_the_settings_say_are_not_followed() -> None:
    """A shop that is kept could not be read again; all of the log still tells everything."""
    worker = Following()
    worker.followed.settings = worker.teller.model_copy(update={"partitions": 1})
    worker.followed._reset()
    crowd(worker, 3)

    assert [] == worker.followed.marks
    assert worker.recent("crowd-2") is None


def test_a_mark_that_knows_nothing_of_a_partition_tells_nothing() -> None:
    """Topics may have got more partitions since; what lies there would be missed."""
    worker = Following()
    crowd(worker, 6)
    assert worker.recent("crowd-5") is not None
    lost = next(iter(worker.log.begins()))
    worker.followed.marks = [
        mark._replace(since={at: offset for at, offset in mark.since.items() if at != lost})
        for mark in worker.followed.marks
    ]

    assert worker.recent("crowd-5") is None


def test_a_topic_that_was_made_anew_is_followed_anew() -> None:
    """What was remembered of sessions is of the other one."""
    worker = Following()
    crowd(worker, 10)
    worker.log = TimedLog(worker.settings)
    worker.shop = Shop(worker.settings)
    worker.take(0, Story("ann", start_ms=NOON_MS + 60_000).view("bread"))
    found = worker.recent("ann")

    assert found is not None
    assert worker.fates("ann", worker.whole("ann")) == worker.fates("ann", found)
    assert worker.recent("crowd-9") is not None
    assert 1 == sum(worker.followed._shop.position.values())


def test_sessions_are_forgotten_once_the_log_has_forgotten_them() -> None:
    """Not before: who comes back is not taken for somebody new."""
    seen = FirstSeen(ids_max=2)
    for number, name in enumerate((b"a", b"b", b"a", b"c")):
        seen.note(name, number)
    assert seen.full
    seen.forget(2)

    assert not seen.full
    assert (0, None, 3) == (seen.first(b"a"), seen.first(b"b"), seen.first(b"c"))


def test_who_asks_does_not_wait_for_a_look() -> None:
    """It is broken off, and goes on later where it was."""
    worker = Following(lambda _: False)
    crowd(worker, 10)
    worker.now_s += MARK_S
    worker.followed.look(worker.followed.held.over(worker.log), lambda: True)
    assert 1 == sum(worker.followed._shop.position.values())
    assert 1 == len(worker.followed.marks)
    worker.look()
    assert 20 == sum(worker.followed._shop.position.values())
    assert 2 == len(worker.followed.marks)


def test_while_nobody_asks_it_is_read_along_and_stays_open() -> None:
    """It is opened now and then only; where Kafka is away it is tried again after a while."""
    opened: list[str] = []

    @contextmanager
    def opening(_settings: Settings, *_topics: str) -> Iterator[LogReader]:
        opened.append("opened")
        if away:
            raise KafkaUnreachable("away")
        yield worker.log
        opened.append("closed")

    away = False
    worker = Following(lambda _: False)
    followed = FollowedLog(worker.teller, HeldLog(), lambda: worker.now_s, opening)
    crowd(worker, 3)
    for _ in range(3):
        followed.rest()
        worker.now_s += MARK_S
    assert ["opened"] == opened
    assert 2 == len(followed.marks)
    worker.now_s += OPEN_S
    away = True
    followed.rest()
    assert ["opened", "closed", "opened"] == opened
    away = False
    followed.rest()
    assert 3 == len(opened)
    worker.now_s += RETRY_S
    followed.rest()
    assert 3 == opened.count("opened")
    assert 2 == len(followed.marks)


def test_after_some_minutes_without_a_question_it_is_closed_between_its_looks() -> None:
    """It is still followed, more seldom; whoever asks finds it open again."""
    opened: list[str] = []

    @contextmanager
    def opening(_settings: Settings, *_topics: str) -> Iterator[LogReader]:
        opened.append("opened")
        yield worker.log
        opened.append("closed")

    worker = Following(lambda _: False)
    followed = FollowedLog(worker.teller, HeldLog(), lambda: worker.now_s, opening)
    followed.rest()
    with followed.open(worker.teller, *followed._topics):
        pass
    worker.now_s += IDLE_S
    followed.rest()
    assert ["opened"] == opened[-1:]
    opened.clear()
    for _ in range(6):
        crowd(worker, 1)
        worker.now_s += IDLE_LOOK_S / 2
        followed.rest()
    assert ["closed", *["opened", "closed"] * 3] == opened
    assert 3 < len(followed.marks)
    opened.clear()
    topics = worker.teller.topics
    with followed.open(worker.teller, topics.events, topics.prompts):
        pass
    worker.now_s += FOLLOW_S
    followed.rest()
    assert ["opened", "closed", "opened"] == opened


class Opening:
    """Opens a log, counts how often, and whether it is open now."""

    def __init__(self, worker: Following) -> None:
        self.worker, self.times, self.is_open = worker, 0, False

    @contextmanager
    def __call__(self, _settings: Settings, *_topics: str) -> Iterator[LogReader]:
        """As `open_reader`."""
        self.times, self.is_open = self.times + 1, True
        try:
            yield self.worker.log
        finally:
            self.is_open = False


def left_alone() -> tuple[FollowedLog, Opening]:
    """A log that was looked at, and of which nobody has asked for some minutes."""
    worker = Following(lambda _: False)
    opening = Opening(worker)
    followed = FollowedLog(worker.teller, HeldLog(), lambda: worker.now_s, opening)
    followed.rest()
    crowd(worker, 3)
    worker.now_s += IDLE_S + 1
    return followed, opening


def test_whoever_asks_during_a_look_after_some_minutes_finds_it_open() -> None:
    """The look is broken off for the question: to close it would only have it opened again."""
    followed, opening = left_alone()
    topics = followed._topics
    followed.rest(lambda: True)
    opened = opening.times
    with followed.open(followed.settings, *topics):
        assert opened == opening.times


def test_after_some_minutes_it_is_closed_whatever_went_wrong_at_a_look() -> None:
    """An error that nobody knows of leaves no connection behind."""

    class Broken(TimedLog):
        def ends(self) -> Any:
            raise ZeroDivisionError

    followed, opening = left_alone()
    opening.worker.log = Broken(followed.settings)
    followed.close()
    with pytest.raises(ZeroDivisionError):
        followed.rest()

    assert not opening.is_open


def test_a_question_that_took_minutes_was_asked_when_it_ended() -> None:
    """Whoever looks at its answer asks the next one soon."""
    followed, opening = left_alone()
    with followed.open(followed.settings, *followed._topics):
        opening.worker.now_s += IDLE_S + 1
    followed.rest()

    assert opening.is_open
