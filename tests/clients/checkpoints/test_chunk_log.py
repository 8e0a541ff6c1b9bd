"""How checkpoints are found in a compacted topic: from its end, and by offsets."""

from collections.abc import Iterator, Mapping
from hashlib import sha256

import pytest

from streams.clients.checkpoints.pointer import Pointer, Stored
from streams.clients.checkpoints.topic.chunk_log import FOREIGN_MAX, ChunkLog
from streams.clients.log_reader import LogReader, Partition, RawRecord
from streams.contract.errors import CheckpointRefused, GoeswithError, KafkaUnreachable
from streams.contract.settings import Settings

AT = Partition("shop.checkpoints", 0)
Offsets = Mapping[Partition, int]


class Compacted(LogReader):
    """A topic in memory: what is left of it, by offset, and how much of it was read."""

    def __init__(self, records: Mapping[int, tuple[str, bytes | None]], end: int) -> None:
        super().__init__(None, [AT], Settings())
        self.records, self.end = dict(records), end
        self.read = self.looks = 0
        self.fails: dict[int, GoeswithError] = {}

    def begins(self) -> dict[Partition, int]:
        """A compacted topic begins where it did."""
        return {AT: 0}

    def ends(self) -> dict[Partition, int]:
        """Behind the last marker."""
        return {AT: self.end}

    def between(self, begins: Offsets, ends: Offsets) -> Iterator[RawRecord]:
        """What is left there."""
        self.looks += 1
        for offset in sorted(self.records):
            if begins[AT] <= offset < ends[AT]:
                if offset in self.fails:
                    raise self.fails[offset]
                self.read += 1
                key, value = self.records[offset]
                yield RawRecord(AT, offset, 0, key.encode(), value, [])


DATA = b"bread and butter"
STORED = Stored(
    fingerprint="1f0c",
    sha256=sha256(DATA).hexdigest(),
    size=len(DATA),
    offsets=(70, 71, 72),
    lineage="bread",
    events=9,
    reach=9,
    made_at_ms=0,
)
POINTER = Pointer(generations=(STORED,))
WRITTEN: dict[int, tuple[str, bytes | None]] = {
    70: ("chunk/1f0c/0", b"bread "),
    71: ("chunk/1f0c/1", b"and "),
    72: ("chunk/1f0c/2", b"butter"),
    73: ("chunk/0000/0", None),
    74: ("pointer", POINTER.model_dump_json().encode()),
}


def test_the_newest_pointer_is_found_without_reading_the_topic() -> None:
    """However long the topic is: nothing but what is at its end."""
    before = {offset: (f"chunk/{offset:04}/0", b"") for offset in range(70)}
    reader = Compacted({**before, **WRITTEN}, end=76)

    assert POINTER == ChunkLog(reader, "shop").pointer()
    assert reader.read <= 4


def test_a_pointer_is_found_behind_what_was_aborted() -> None:
    """A write of many chunks that failed has offsets, and nothing is there to be read."""
    reader = Compacted(WRITTEN, end=9_000)

    assert POINTER == ChunkLog(reader, "shop").pointer()
    assert reader.looks <= 6


def test_of_two_pointers_the_last_one_counts() -> None:
    """Two small writes are close to each other."""
    later = Pointer(kept={"log-1f0c3a5e7b92": STORED})
    records = {**WRITTEN, 75: ("pointer", later.model_dump_json().encode())}

    assert later == ChunkLog(Compacted(records, end=77), "shop").pointer()


def test_a_record_of_somebody_else_hides_no_pointer() -> None:
    """A topic that was taken by force, or a producer's slip: one record or many, and markers."""
    for last in (75, 76, 90, 4_000):
        foreign = {offset: (f"session-{offset}", b"{}") for offset in range(75, last + 1)}
        for end in (last + 1, last + 2, last + 9):
            reader = Compacted({**WRITTEN, **foreign}, end=end)

            assert POINTER == ChunkLog(reader, "shop").pointer()


def test_a_large_topic_of_others_is_not_read_from_end_to_end() -> None:
    """Each worker looks when it starts; who is forced to write looks behind all of it."""
    foreign = {offset: (f"session-{offset}", b"{}") for offset in range(75, 100_000)}
    reader = Compacted({**WRITTEN, **foreign}, end=100_000)
    with pytest.raises(CheckpointRefused, match="holds something else") as refused:
        ChunkLog(reader, "shop").pointer()

    assert ("foreign", True) == (refused.value.reason, FOREIGN_MAX < reader.read < 80_000)
    assert POINTER == ChunkLog(reader, "shop").pointer(foreign_max=None)


def test_a_topic_that_was_emptied_of_others_is_looked_at_anew() -> None:
    """What was found of them at one look says nothing of the next."""
    reader = Compacted({70: ("session-1", b"{}")}, end=75)
    log = ChunkLog(reader, "shop")
    with pytest.raises(CheckpointRefused):
        log.pointer()
    reader.records.clear()

    assert Pointer() == log.pointer()


def test_an_empty_topic_and_one_whose_pointer_was_deleted_hold_nothing() -> None:
    """A checkpoint is written there as to a new one."""
    deleted = {**WRITTEN, 75: ("pointer", None)}

    assert Pointer() == ChunkLog(Compacted({}, end=0), "shop").pointer()
    assert Pointer() == ChunkLog(Compacted({}, end=300), "shop").pointer()
    assert Pointer() == ChunkLog(Compacted(deleted, end=77), "shop").pointer()


@pytest.mark.parametrize(
    "records",
    [
        {70: ("session-1", b"{}")},
        {3: ("session-1", b"{}"), **{at: WRITTEN[at] for at in (70, 71, 72, 73)}},
        {74: ("pointer", b"bread")},
        {74: ("pointer", b'{"version":2,"generations":[]}')},
    ],
)
def test_a_topic_that_holds_something_else_is_not_ours(
    records: dict[int, tuple[str, bytes | None]],
) -> None:
    """Events, also before chunks that nothing names; a pointer that is none, or of later on."""
    with pytest.raises(CheckpointRefused) as refused:
        ChunkLog(Compacted(records, end=75), "shop").pointer()

    assert "foreign" == refused.value.reason


@pytest.mark.parametrize("end", [76, 100])
def test_a_pointer_is_found_beside_batches_that_a_disk_has_damaged(end: int) -> None:
    """Also when a write that failed lies behind it; a pointer that is damaged is none."""
    reader = Compacted({40: ("pointer", Pointer().model_dump_json().encode()), **WRITTEN}, end=end)
    reader.fails = {at: GoeswithError("Kafka refused: CorruptRecordError") for at in (71, 72, 73)}
    later = {75: ("pointer", b"")} if end > 76 else {}
    reader.records |= later
    reader.fails |= {at: GoeswithError("Kafka refused: CorruptRecordError") for at in later}

    assert POINTER == ChunkLog(reader, "shop").pointer()


def test_chunks_are_read_from_their_offsets() -> None:
    """Also where others lie between them, and where those are compacted away."""
    apart = STORED.model_copy(update={"offsets": (3, 50, 72)})
    records = {3: WRITTEN[70], 9: ("chunk/0000/1", b"milk"), 50: WRITTEN[71], 72: WRITTEN[72]}

    assert DATA == ChunkLog(Compacted(WRITTEN, end=76), "shop").data(STORED)
    assert DATA == ChunkLog(Compacted(records, end=76), "shop").data(apart)


@pytest.mark.parametrize(
    "damage",
    [
        {71: ("chunk/1f0c/1", b"And ")},
        {71: ("chunk/1f0c/1", None)},
        {71: ("chunk/0000/1", b"and ")},
        {71: ("chunk/1f0c/2", b"and ")},
    ],
)
def test_a_chunk_that_is_another_one_is_no_chunk(
    damage: dict[int, tuple[str, bytes | None]],
) -> None:
    """Other bytes, none, another checkpoint's, another number's."""
    log = ChunkLog(Compacted({**WRITTEN, **damage}, end=76), "shop")
    with pytest.raises(CheckpointRefused, match="not what was written") as refused:
        log.data(STORED)

    assert ("gone", False) == (refused.value.reason, log.is_whole(STORED))


def test_a_checkpoint_whose_chunks_are_gone_is_gone() -> None:
    """One was compacted away; or the end of the topic was lost, which nobody waits for."""
    compacted = {offset: told for offset, told in WRITTEN.items() if offset != 71}

    assert not ChunkLog(Compacted(compacted, end=76), "shop").is_whole(STORED)
    assert not ChunkLog(Compacted(WRITTEN, end=72), "shop").is_whole(STORED)


def test_a_batch_that_a_disk_has_damaged_is_gone_and_kafka_that_is_away_is_not() -> None:
    """What cannot be read now may be whole."""
    damaged, away = Compacted(WRITTEN, end=76), Compacted(WRITTEN, end=76)
    damaged.fails[71] = GoeswithError("Kafka refused: CorruptRecordError")
    away.fails[71] = KafkaUnreachable("no broker answered")

    assert not ChunkLog(damaged, "shop").is_whole(STORED)
    with pytest.raises(KafkaUnreachable):
        ChunkLog(away, "shop").is_whole(STORED)
