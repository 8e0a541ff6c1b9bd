"""Checkpoints: where they are kept, the generations that there are, and what was kept aside."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from streams.clients.checkpoints.pointer import Stored
from streams.clients.checkpoints.store import GenerationStore, open_store
from streams.contract.settings import Settings
from streams.operations.console.watching.poller import Opening


class CheckpointsSeen(NamedTuple):
    """What is kept."""

    where: str
    """In words; empty: nowhere."""
    generations: tuple[Stored, ...] = ()
    """The newest first; none where a store has one checkpoint and no generations."""
    aside: int = 0
    """How many were refused, and kept."""
    listed: bool = False
    """Whether this store tells generations."""


def checkpoint_looks(settings: Settings) -> Opening[CheckpointsSeen]:
    """What opens looks at the store of the settings."""

    @contextmanager
    def opening() -> Iterator[Callable[[], CheckpointsSeen]]:
        yield lambda: look_at(settings)

    return opening


def look_at(settings: Settings) -> CheckpointsSeen:
    """What the store of the settings holds; raises a `GoeswithError`."""
    store = open_store(settings)
    if store is None:
        return CheckpointsSeen("")
    if not isinstance(store, GenerationStore):
        return CheckpointsSeen(store.where, aside=len(store.kept()))
    pointer = store.pointer()
    aside = len(pointer.kept)
    return CheckpointsSeen(store.where, tuple(pointer.generations), aside, listed=True)
