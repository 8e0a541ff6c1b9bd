"""Memory in large pages: the same bytes, fewer entries, and no more room than before."""

import ctypes
import mmap
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streams.worker.checkpointing.large_pages import LARGE_BYTES, dense_blocks, gather

BLOCKS = 8
PAGE = mmap.PAGESIZE


def told(what: str) -> int:
    """A figure of our own memory, in bytes."""
    rolled_up = Path("/proc/self/smaps_rollup").read_text()
    (kib,) = re.findall(rf"^{what}:\s+(\d+) kB", rolled_up, re.MULTILINE)
    return 1024 * int(kib)


@contextmanager
def memory(pages: range) -> Iterator[mmap.mmap]:
    """Blocks of memory, of which each of these pages is written to; small pages, all of them."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    with mmap.mmap(-1, (BLOCKS + 1) * LARGE_BYTES, flags) as area:
        area.madvise(mmap.MADV_NOHUGEPAGE)
        for page in pages:
            area[page * PAGE] = 1 + page % 255
        yield area


EVERY = range((BLOCKS + 1) * LARGE_BYTES // PAGE)
ONE_IN_A_BLOCK = range(0, len(EVERY), LARGE_BYTES // PAGE)


def test_what_is_in_use_is_put_into_large_pages() -> None:
    """All of it but the edges, and it says what it said before."""
    with memory(EVERY) as area:
        before = told("AnonHugePages")
        area.madvise(mmap.MADV_HUGEPAGE)
        if not gather():
            pytest.skip("this Linux gathers no pages (6.1 and later do)")

        assert told("AnonHugePages") - before >= (BLOCKS - 1) * LARGE_BYTES
        assert all(area[page * PAGE] == 1 + page % 255 for page in EVERY)


def test_it_can_be_done_again() -> None:
    """What is in large pages stays there."""
    with memory(EVERY) as area:
        area.madvise(mmap.MADV_HUGEPAGE)
        count = gather()

        assert gather() >= count


def chosen(pages: range) -> int:
    """How many blocks of memory are chosen, if these pages are written to.

    They may not become large while we look: Linux gathers pages of its own accord, too.
    """
    with memory(pages) as area:
        begin = ctypes.addressof((ctypes.c_char * len(area)).from_buffer(area))
        maps = Path("/proc/self/maps").read_text()
        return sum(begin <= at < begin + len(area) for at in dense_blocks(maps))


def test_no_room_is_taken_for_what_is_not_in_use() -> None:
    """A page here and there stays as small as it is: a stack, for one."""
    assert chosen(EVERY) >= BLOCKS
    assert chosen(ONE_IN_A_BLOCK) == 0
