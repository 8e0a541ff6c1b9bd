"""What a write to a topic of checkpoints does with what is there, by what was read: no broker."""

from hashlib import sha256

import pytest

from streams.clients.checkpoints.planning import planned
from streams.clients.checkpoints.pointer import Pointer, Stored
from streams.clients.checkpoints.rules import WriteRequest, fingerprint, known
from streams.clients.checkpoints.topic.chunk_log import FOREIGN_MAX, ChunkLog
from streams.clients.checkpoints.topic_store import moved
from streams.contract.errors import CheckpointRefused
from tests.clients.checkpoints.test_chunk_log import Compacted
from tests.clients.checkpoints.test_rules import checkpoint

Records = dict[int, tuple[str, bytes | None]]


def stored(upto: int, offset: int) -> tuple[Stored, Records]:
    """A checkpoint of one chunk at an offset, and that chunk."""
    header, data = checkpoint(upto)
    one = Stored(
        fingerprint=fingerprint(data),
        sha256=sha256(data).hexdigest(),
        size=len(data),
        offsets=(offset,),
        made_at_ms=0,
        **known(header)._asdict(),
    )
    return one, {offset: (one.chunk_keys()[0], data)}


OLDER, OLDER_CHUNK = stored(7, offset=60)
NEWER, NEWER_CHUNK = stored(8, offset=62)
KEPT, KEPT_CHUNK = stored(9, offset=64)
POINTER = Pointer(generations=(NEWER, OLDER), kept={f"gone-{KEPT.fingerprint}": KEPT})
WRITTEN: Records = {
    **OLDER_CHUNK,
    **NEWER_CHUNK,
    **KEPT_CHUNK,
    74: ("pointer", POINTER.model_dump_json().encode()),
}
NEWEST, _ = stored(12, offset=90_000)


def foreign(number: int) -> Records:
    """So many records of somebody else, behind the pointer."""
    return {offset: (f"session-{offset}", b"{}") for offset in range(75, 75 + number)}


def written_to(records: Records, *, force: bool) -> dict[str, bytes | None]:
    """What a write of the newest checkpoint leaves in the topic, behind its chunks."""
    log = ChunkLog(Compacted(records, end=max(records) + 2), "shop")
    plan = planned(log, WriteRequest(checkpoint(12)[0], {}, force=force))
    assert plan is not None
    return dict(moved(plan, NEWEST))


@pytest.mark.parametrize(
    ("number", "force"), [(2, False), (20, False), (2, True), (20, True), (FOREIGN_MAX * 8, True)]
)
def test_records_of_others_take_no_generation_away(number: int, *, force: bool) -> None:
    """Forced or not: generations and what was kept aside are named on, and no chunk is deleted."""
    records = written_to({**WRITTEN, **foreign(number)}, force=force)
    pointer = Pointer.model_validate_json(records.pop("pointer") or b"")

    assert (NEWEST, NEWER, OLDER) == pointer.generations
    assert POINTER.kept == pointer.kept
    assert not records


def test_a_topic_of_others_is_written_to_only_by_force(caplog: pytest.LogCaptureFixture) -> None:
    """Which says that it looks after nothing that was there."""
    with pytest.raises(CheckpointRefused, match="not ours, and stays"):
        written_to(foreign(20), force=False)
    assert not caplog.records

    assert ["pointer"] == list(written_to(foreign(20), force=True))
    assert "topic shop holds something else: chunks that may be there" in caplog.text
