"""Memory in large pages: the same bytes, fewer entries, and no more room than before."""

import ctypes
import mmap
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streams.worker.checkpointing.large_pages import LARGE_BYTES, gather

BLOCKS = 8
PAGE = mmap.PAGESIZE


def told(what: str) -> int:
    """A figure of our own memory, in bytes."""
    rolled_up = Path("/proc/self/smaps_rollup").read_text()
    (kib,) = re.findall(rf"^{what}:\s+(\d+) kB", rolled_up, re.MULTILINE)
    return 1024 * int(kib)


@contextmanager
def memory(pages: range) -> Iterator[mmap.mmap]:
    """Blocks of memory, of which each of these pages is written to; small pages, for now."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    with mmap.mmap(-1, (BLOCKS + 1) * LARGE_BYTES, flags) as area:
        area.madvise(mmap.MADV_NOHUGEPAGE)
        for page in pages:
            area[page * PAGE] = 1 + page % 255
        area.madvise(mmap.MADV_HUGEPAGE)
        yield area


EVERY = range((BLOCKS + 1) * LARGE_BYTES // PAGE)
ONE_IN_A_BLOCK = range(0, len(EVERY), LARGE_BYTES // PAGE)


def test_what_is_in_use_is_put_into_large_pages() -> None:
    """All of it but the edges, and it says what it said before."""
    with memory(EVERY) as area:
        before = told("AnonHugePages")
        if not gather():
            pytest.skip("this Linux gathers no pages (6.1 and later do)")

        assert told("AnonHugePages") - before >= (BLOCKS - 1) * LARGE_BYTES
        assert all(area[page * PAGE] == 1 + page % 255 for page in EVERY)


def test_it_can_be_done_again() -> None:
    """What is in large pages stays there."""
    with memory(EVERY):
        count = gather()

        assert gather() >= count


def in_use(area: mmap.mmap) -> int:
    """How many of its pages are in memory, as the system says."""
    told = ctypes.create_string_buffer(len(area) // PAGE)
    place = ctypes.addressof((ctypes.c_char * len(area)).from_buffer(area))
    assert 0 == ctypes.CDLL(None).mincore(ctypes.c_void_p(place), ctypes.c_size_t(len(area)), told)
    return told.raw.count(1)


def test_no_room_is_taken_for_what_is_not_in_use() -> None:
    """A page here and there stays as small as it is: a stack, for one."""
    with memory(ONE_IN_A_BLOCK) as area:
        before = in_use(area)
        gather()

        assert before == in_use(area)
        assert before < len(EVERY) // 2
