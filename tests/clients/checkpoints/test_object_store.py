"""Checkpoints in an object store: whole or not at all, whoever writes at once, or hangs."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fsspec", reason="the extra object-store is not installed")

from streams.clients.checkpoints.objects.file_system import ObjectFolder, in_words, shown
from streams.clients.checkpoints.objects.file_system_store import FileSystemStore
from streams.clients.checkpoints.objects.object_log import (
    POINTERS_KEPT,
    UNNAMED_S,
    ObjectLog,
    checkpoint_name,
    pointer_name,
)
from streams.clients.checkpoints.pointer import Pointer
from streams.clients.checkpoints.rules import fingerprint
from streams.clients.checkpoints.store import open_store
from streams.contract.errors import (
    CheckpointRefused,
    GoeswithError,
    Misconfigured,
    MissingExtra,
    StoreUnreachable,
)
from streams.contract.settings import Settings
from tests.clients.checkpoints.bucket import Bucket
from tests.clients.checkpoints.test_rules import checkpoint

URL = "bucket://vault/shop"


@pytest.fixture(autouse=True)
def bucket() -> Iterator[type[Bucket]]:
    """An empty one, on a good day."""
    Bucket.store.clear()
    yield Bucket
    for day in (Bucket.hangs, Bucket.slow, Bucket.overwrites):
        day.clear()
    Bucket.refuses.clear()
    Bucket.store.clear()


@pytest.fixture
def store() -> FileSystemStore:
    """A folder in it."""
    return FileSystemStore(ObjectFolder(URL))


def names() -> list[str]:
    """What lies there."""
    return sorted(path.rpartition("/")[2] for path in Bucket.store)


def test_the_settings_open_it() -> None:
    """By its URL; Redis and files have theirs."""
    found = open_store(Settings(checkpoint_url=f"{URL}/"))

    assert isinstance(found, FileSystemStore)
    assert found.where == URL


def test_three_generations_are_kept_and_any_can_be_restored(store: FileSystemStore) -> None:
    """The one that was newest is kept: aside, since it knows more."""
    written = [checkpoint(upto) for upto in range(5, 10)]
    for one in written:
        assert store.write(*one)
    before = [one.events for one in store.pointer().generations]
    restored = store.restore(3)

    assert ([9, 8, 7], 7) == (before, restored.events)
    assert written[2][1] == store.read()
    assert [f"replaced-{fingerprint(written[4][1])}"] == [one.name for one in store.kept()]
    assert written[3][1] == store.read("generation-2")
    with pytest.raises(GoeswithError, match="there is no generation 4 in bucket://vault/shop"):
        store.restore(4)


class Hurried(ObjectFolder):
    """A folder to which somebody writes just before we name something."""

    def __init__(self, others: list[int], and_ours: bool = False) -> None:
        super().__init__(URL)
        self._others, self._and_ours = [*others], and_ours

    def create(self, name: str, data: bytes) -> bool:
        """Too late."""
        if self._and_ours:  # it was written, and a driver that had no answer asked again
            self._and_ours = False
            super().create(name, data)
        while self._others:
            FileSystemStore(ObjectFolder(URL)).write(*checkpoint(self._others.pop(0)))
        return super().create(name, data)


@pytest.mark.parametrize("others", [[10], []], ids=["other", "ours"])
def test_the_generation_is_restored_that_was_asked_for(
    store: FileSystemStore, others: list[int]
) -> None:
    """Though it has another number when it is tried again, or is the newest by then."""
    for upto in (7, 8, 9):
        store.write(*checkpoint(upto))

    assert 8 == FileSystemStore(Hurried(others, and_ours=not others)).restore(2).events
    assert checkpoint(8)[1] == store.read()


def test_a_generation_that_left_meanwhile_is_not_restored(store: FileSystemStore) -> None:
    """Nor is another one in its place."""
    for upto in (7, 8, 9):
        store.write(*checkpoint(upto))
    with pytest.raises(GoeswithError, match=r"what was generation 3 .* nothing was restored"):
        FileSystemStore(Hurried([10])).restore(3)

    assert checkpoint(10)[1] == store.read()


def test_a_generation_that_is_damaged_or_gone_is_passed_over(store: FileSystemStore) -> None:
    """For the one before, which is said; with none left that is said as an error."""
    marks = []
    for upto in (7, 8, 9):
        store.write(*checkpoint(upto))
        marks.append(fingerprint(checkpoint(upto)[1]))
    folder = ObjectFolder(URL)
    folder.delete(checkpoint_name(marks[2]))
    folder.put(checkpoint_name(marks[1]), checkpoint(8)[1][:-1] + b"?")

    assert checkpoint(7)[1] == store.read()
    assert f"checkpoint {marks[2]} in bucket://vault/shop is gone" in store.warning
    folder.delete(checkpoint_name(marks[0]))
    with pytest.raises(CheckpointRefused, match="is gone") as refused:
        store.read()
    assert "gone" == refused.value.reason


def test_a_pointer_that_breaks_off_is_passed_over(store: FileSystemStore) -> None:
    """Where objects are files and the disk was full. The next write goes on behind it."""
    store.write(*checkpoint(7))
    ObjectFolder(URL).put(pointer_name(2), b'{"version": 1, "gener')

    assert checkpoint(7)[1] == store.read()
    assert store.write(*checkpoint(8))
    assert checkpoint(8)[1] == store.read()
    assert pointer_name(3) in names()


@pytest.mark.parametrize("said", [b'{"version": 2, "generations": []}', b"[]"])
def test_a_pointer_of_a_later_version_is_not_ours(store: FileSystemStore, said: bytes) -> None:
    """Nothing is read past it, and nothing written, unless by force."""
    store.write(*checkpoint(7))
    ObjectFolder(URL).put(pointer_name(2), said)

    with pytest.raises(CheckpointRefused, match="none of this version"):
        store.read()
    with pytest.raises(CheckpointRefused, match="not ours, and stays"):
        store.write(*checkpoint(8))
    assert store.write(*checkpoint(8), force=True)
    assert checkpoint(8)[1] == store.read()


@pytest.mark.parametrize("said", [b'{"version": 2, "generations": []}', b'{"vers'])
def test_what_a_pointer_may_name_that_nobody_could_read_is_never_deleted(
    store: FileSystemStore, said: bytes
) -> None:
    """By force another one is written beside it: who can read that pointer finds it all.

    What was written after it is none of its, and leaves when its time has come.
    """
    theirs = [checkpoint(upto) for upto in (1000, 2000, 3000)]
    for one in theirs:
        store.write(*one)
    for number in (1, 2, 3):
        ObjectFolder(URL).put(pointer_name(number), said)
    grow_old(names())
    for upto in range(5, 11):
        store.write(*checkpoint(upto), force=True)
        grow_old(names())
    store.write(*checkpoint(11))

    assert {checkpoint_name(fingerprint(data)) for _, data in theirs} <= {*names()}
    assert checkpoint_name(fingerprint(checkpoint(5)[1])) not in names()


def test_a_pointer_that_nobody_could_read_stays(store: FileSystemStore) -> None:
    """However many are written behind it: who wrote it may come back."""
    ObjectFolder(URL).put(pointer_name(1), b'{"version": 2}')
    store.write(*checkpoint(1), force=True)
    for upto in range(2, 2 * POINTERS_KEPT):
        grow_old(names())
        store.write(*checkpoint(upto))

    assert pointer_name(1) in names()
    assert pointer_name(2) not in names()


def test_others_objects_are_neither_read_nor_deleted(store: FileSystemStore) -> None:
    """Whose they are, nobody knows."""
    folder = ObjectFolder(URL)
    for name in ("bread", "1.pointer", "000000000001.pointer.bak", "butter.checkpoint"):
        folder.put(name, b"jam")
    store.write(*checkpoint(7))
    grow_old(["butter.checkpoint"])
    store.write(*checkpoint(8))

    assert {"bread", "1.pointer", "000000000001.pointer.bak", "butter.checkpoint"} <= {*names()}


def grow_old(these: list[str], by_s: float = UNNAMED_S + 1) -> None:
    """They were written longer ago."""
    for path, file in Bucket.store.items():
        if path.rpartition("/")[2] in these:
            file.created -= timedelta(seconds=by_s)
            file.modified -= timedelta(seconds=by_s)


def test_what_nobody_names_any_more_is_deleted_after_a_while(store: FileSystemStore) -> None:
    """Also what a writer left that died; not while somebody may read it, or is about to name it."""
    for upto in range(5, 9):
        store.write(*checkpoint(upto))
    orphan = checkpoint_name(fingerprint(b"bread"))
    ObjectFolder(URL).put(orphan, b"bread")
    left = checkpoint_name(fingerprint(checkpoint(5)[1]))
    store.write(*checkpoint(9))
    before = names()
    grow_old(before)
    store.write(*checkpoint(10))

    assert {orphan, left} <= {*before}
    assert {orphan, left}.isdisjoint(names())
    assert [10, 9, 8] == [one.events for one in store.pointer().generations]
    assert [checkpoint(upto)[1] for upto in (10, 9, 8)] == [
        store.read(f"generation-{number}") for number in (1, 2, 3)
    ]


@pytest.mark.parametrize("minutes", [1, 2, 15])
def test_what_was_named_a_moment_ago_stays(store: FileSystemStore, minutes: int) -> None:
    """However long ago it was written: somebody may have read the pointer that named it."""
    for upto in range(1, 20):
        before = store.pointer()
        store.write(*checkpoint(upto))
        assert {checkpoint_name(one.fingerprint) for one in before.generations} <= {*names()}
        grow_old(names(), by_s=60.0 * minutes)

    named_within = 3 + UNNAMED_S // (60 * minutes) + 1
    assert sum(name.endswith(".checkpoint") for name in names()) <= named_within


def test_pointers_are_bounded(store: FileSystemStore) -> None:
    """However often is written: ten, or those of ten minutes and the one before."""
    for upto in range(1, 2 * POINTERS_KEPT + 3):
        store.write(*checkpoint(upto))
        grow_old(names(), by_s=UNNAMED_S / 4)
    ten = sum(name.endswith(".pointer") for name in names())
    for upto in range(100, 150):
        store.write(*checkpoint(upto))
        grow_old(names(), by_s=UNNAMED_S / 20)

    assert POINTERS_KEPT == ten
    assert 21 == sum(name.endswith(".pointer") for name in names())


def test_without_times_pointers_are_bounded_too() -> None:
    """Nothing else is deleted then."""
    left = dict.fromkeys(map(pointer_name, range(1, 23)))
    log = ObjectLog(ObjectFolder(URL))
    for name in left:
        ObjectFolder(URL).put(name, b'{"version": 1}')
    ObjectFolder(URL).put("1f0c.checkpoint", b"bread")
    log.tidy(Pointer(), 22, {**left, "1f0c.checkpoint": None})

    assert [*map(pointer_name, range(13, 23)), "1f0c.checkpoint"] == names()


def test_of_writers_that_come_at_once_each_one_counts(store: FileSystemStore) -> None:
    """None is lost, and the one that knows most is the newest."""
    ours = [checkpoint(upto) for upto in (7, 8, 9)]
    with ThreadPoolExecutor(3) as crew:
        list(crew.map(lambda one: FileSystemStore(ObjectFolder(URL)).write(*one), ours))

    assert checkpoint(9)[1] == store.read()


def test_a_writer_that_slept_too_long_has_written_nothing(store: FileSystemStore) -> None:
    """The number that it takes was somebody else's, who has left it behind by now."""
    store.write(*checkpoint(5))
    asleep = ObjectLog(ObjectFolder(URL))
    for upto in range(6, 10 + 2 * POINTERS_KEPT):
        store.write(*checkpoint(upto))
        grow_old(names())
    newest = store.pointer()

    assert pointer_name(2) not in names()
    with pytest.raises(GoeswithError, match="nothing of it is kept"):
        asleep.append(Pointer())
    assert newest == store.pointer()
    assert pointer_name(2) not in names()


def test_a_writer_that_was_not_the_first_looks_again(store: FileSystemStore) -> None:
    """And then does not replace what knows more."""
    store.write(*checkpoint(5))
    late = ObjectLog(ObjectFolder(URL))
    store.write(*checkpoint(9))

    assert not late.append(Pointer())
    assert not store.write(*checkpoint(7))
    assert checkpoint(9)[1] == store.read()


def test_a_store_that_hangs_holds_nobody_up() -> None:
    """It is said, and asked anew the next time, by other connections."""
    store = FileSystemStore(ObjectFolder(URL, answer_s_max=0.05))
    store.read()
    Bucket.opened.clear()
    Bucket.hangs.set()
    with pytest.raises(StoreUnreachable, match=r"no answer within 0\.05 s"):
        store.read()
    Bucket.hangs.clear()

    assert store.write(*checkpoint(7))
    assert checkpoint(7)[1] == store.read()
    assert 1 == len(Bucket.opened)


def test_a_word_has_less_time_than_a_checkpoint(store: FileSystemStore) -> None:
    """A probe and a pointer are words; what is large is waited for."""
    store.write(*checkpoint(7))
    folder = ObjectFolder(URL, answer_s_max=0.05, transfer_s_max=0.3)
    Bucket.slow.set()
    slow = FileSystemStore(folder)
    words: list[Callable[[], object]] = [slow.check_writable, slow.read]
    for word in words:
        with pytest.raises(StoreUnreachable, match=r"no answer within 0\.05 s"):
            word()
    with pytest.raises(StoreUnreachable, match=r"no answer within 0\.3 s"):
        folder.get("1f0c.checkpoint", 1_000)
    with pytest.raises(StoreUnreachable, match=r"no answer within 0\.3 s"):
        folder.put("1f0c.checkpoint", b"bread")


def test_what_is_larger_than_it_may_be_is_not_read() -> None:
    """Nobody knows whose it is, and there may be no room for it."""
    folder = ObjectFolder(URL)
    folder.put("bread", b"butter")

    assert [b"butter", None] == [folder.get("bread", most) for most in (6, 5)]
    assert folder.get("jam", 6) is None


def test_who_may_not_write_is_told_before_the_work_without_a_secret(
    store: FileSystemStore,
) -> None:
    """What drivers say may hold addresses with signatures, and keys."""
    Bucket.refuses.append("Forbidden: AKIAIOSFODNN7EXAMPLEKEY at https://vault?sig=abc")
    with pytest.raises(StoreUnreachable, match="cannot be written to: PermissionError") as refused:
        store.check_writable()

    assert "Forbidden" in str(refused.value)
    assert not any(secret in str(refused.value) for secret in ("AKIA", "sig"))


def test_a_store_that_overwrites_is_told_of_once(
    store: FileSystemStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Two that write at once may lose one write there."""
    with caplog.at_level(logging.WARNING):
        store.check_writable()
        assert not caplog.messages
        Bucket.overwrites.set()
        store.check_writable()
        store.check_writable()

    assert 1 == sum("one worker or command writes at a time" in said for said in caplog.messages)


@pytest.mark.parametrize(
    ("url", "error", "said"),
    [
        ("redsi://:secret@cache/0", Misconfigured, "begins with redsi://, which is neither"),
        ("s3://bread/butter?key=secret", Misconfigured, "s3://bread/butter with a ?"),
        ("sftp://till:se#cret@vault/shop", Misconfigured, "is sftp://… with a ?"),
        ("s3://bread?key=se@cret", Misconfigured, "is s3://… with a ?"),
        ("s3://[bread/secret", Misconfigured, "begins with s3:// and is no URL"),
        ("memory://bread", Misconfigured, "memory://, where nothing outlives"),
        ("gs://bread/butter", MissingExtra, "pip install gcsfs"),
    ],
    ids=["typo", "options", "hash", "at", "bracket", "memory", "driver"],
)
def test_what_cannot_be_a_store_is_said_at_the_start(
    url: str, error: type[Exception], said: str
) -> None:
    """In one line with the way on, and without what may be secret."""
    with pytest.raises(error, match=said) as refused:
        open_store(Settings(checkpoint_url=url))

    assert "cret" not in str(refused.value)


def test_no_password_is_shown() -> None:
    """Nor a user, where that may be a token."""
    assert "sftp://vault/shop" == shown("sftp://till:secret@vault/shop/")
    assert "abfs://vault/shop" == shown("abfs://till:secret@vault/shop")
    assert "ftp://…@vault/shop" == shown("ftp://till:se/cr@et@vault/shop?key")
    assert "abfs://…@vault/shop" == shown("abfs://till:se/cret@vault/shop")
    assert "s3://vault/shop" == shown("s3://vault/shop#secret")
    assert "ValueError" == in_words(ValueError())
    assert len(in_words(OSError("bread and butter " * 99))) < 200


def test_a_folder_of_files_is_one_too(tmp_path: Path) -> None:
    """`local://`, for a disk that many share and fsspec alone reaches."""
    store = FileSystemStore(ObjectFolder(f"local://{tmp_path}"))
    store.check_writable()
    for upto in (7, 8):
        store.write(*checkpoint(upto))

    assert checkpoint(8)[1] == store.read()
    assert checkpoint(7)[1] == store.read("generation-2")


def test_nothing_of_a_sealed_one_is_in_the_objects(store: FileSystemStore) -> None:
    """What names it says no more than its header."""
    header, data = checkpoint(7, checkpoint_key="not a secret")
    store.write(header, data)
    told: dict[str, Any] = store.pointer().generations[0].model_dump()

    assert data == store.read()
    assert header.keys == told["keys"]


def test_one_that_was_kept_aside_is_deleted_at_once(store: FileSystemStore) -> None:
    """Not when newer pointers have not named it for a while; all others stay."""
    store.write(*checkpoint(90))
    store.write(*checkpoint(7, items_max=1_000))
    (kept,) = store.kept()
    newest = store.read()

    assert store.delete(kept.name)
    assert ([], [], newest) == (store.kept(), store.unnamed(), store.read())
    assert 1 == sum(name.endswith(".checkpoint") for name in names())
    assert not store.delete(kept.name)


class Guarded(ObjectFolder):
    """A folder that does not let anybody delete, or write pointers, until it is `open`."""

    def __init__(self, refuses: str) -> None:
        super().__init__(URL)
        self._refuses = refuses
        self.open = False

    def delete(self, name: str) -> None:
        """Refuse what has the ending."""
        self._check(name)
        super().delete(name)

    def create(self, name: str, data: bytes) -> bool:
        """Refuse what has the ending."""
        self._check(name)
        return super().create(name, data)

    def _check(self, name: str) -> None:
        if name.endswith(self._refuses) and not self.open:
            raise StoreUnreachable(f"{name}: Forbidden")


def test_a_deletion_whose_answer_was_lost_has_deleted(store: FileSystemStore) -> None:
    """The object, too: what it holds of a shopper is why it was to go."""
    store.write(*checkpoint(90))
    store.write(*checkpoint(7, items_max=1_000))
    (kept,) = store.kept()

    assert FileSystemStore(Hurried([], and_ours=True)).delete(kept.name)
    assert ([], []) == (store.kept(), store.unnamed())
    assert 1 == sum(name.endswith(".checkpoint") for name in names())


@pytest.mark.parametrize("refuses", [".checkpoint", ".pointer"])
def test_a_deletion_that_was_refused_halfway_can_be_repeated(
    store: FileSystemStore, refuses: str
) -> None:
    """It goes by its name until all of it is gone."""
    store.write(*checkpoint(90))
    store.write(*checkpoint(7, items_max=1_000))
    (kept,) = store.kept()
    folder = Guarded(refuses)
    for _ in range(2):
        with pytest.raises(StoreUnreachable, match="Forbidden"):
            FileSystemStore(folder).delete(kept.name)
        assert [kept.name] == [one.name for one in store.kept()]
    folder.open = True

    assert FileSystemStore(folder).delete(kept.name)
    assert ([], []) == (store.kept(), store.unnamed())
    assert 1 == sum(name.endswith(".checkpoint") for name in names())
