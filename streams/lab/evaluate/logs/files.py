"""Files of one format, read one after the other; their sessions are numbered through."""

from collections.abc import Iterable
from itertools import count
from pathlib import Path
from random import Random

from streams.contract.errors import FileUnusable
from streams.lab.evaluate.logs.formats import FORMATS
from streams.lab.evaluate.logs.sessions import LoggedSession, SessionLog


class Files:
    """Reads files; a session is named by its number, which is its time where it has none.

    Parameters
    ----------
    kind
        One of `FORMATS`.
    seed
        Decides the order within baskets, and so which item is hidden.
    """

    def __init__(self, kind: str, seed: int = 0) -> None:
        self._read = FORMATS[kind]
        self._finish = self._shuffled if kind == "baskets" else self._numbered
        self._seed = seed
        self._number = count()

    def read(self, path: Path) -> list[LoggedSession]:
        """The sessions of a file; raises `FileUnusable`, also when there is none in it."""
        sessions = [self._finish(session, next(self._number)) for session in self._read(path)]
        if not sessions:
            raise FileUnusable(f"{path}: no session in it")
        return sessions

    def _numbered(self, session: LoggedSession, number: int) -> LoggedSession:
        times_s = session.times_s or (float(number),) * len(session.items)
        return session._replace(session_id=f"session-{number}", times_s=times_s)

    def _shuffled(self, basket: LoggedSession, number: int) -> LoggedSession:
        items = list(basket.items)
        Random(f"{self._seed}/{number}").shuffle(items)
        hidden = basket._replace(items=tuple(items), judged_from=max(1, len(items) - 1))
        return self._numbered(hidden, number)


def read_log(
    train: Iterable[Path], data: Path, kind: str, limit: int | None = None, seed: int = 0
) -> SessionLog:
    """All files; of the data the first `limit` sessions. Raises `FileUnusable`."""
    files = Files(kind, seed)
    learned = [session for path in train for session in files.read(path)]
    return SessionLog(learned, files.read(data)[:limit])
