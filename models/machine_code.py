"""Where the machine code of compiled loops is kept: one directory for each edition of the sources.

numba keeps what it compiled by the text of the file that holds the function. But a loop holds the
code of all that it calls, and the constants that it reads, from whatever file they are. So the
directory is named by all sources of the package: whatever changes in any of them, everything is
compiled anew, and what other editions left is removed. Code that checks its bounds
(`NUMBA_BOUNDSCHECK`) is kept apart from code that does not.

```
…/pair_table/__pycache__/compiled-1f0c…/          in NUMBA_CACHE_DIR if that is set; in the user's
…/pair_table/__pycache__/compiled-1f0c…-checked/  cache where the package may not be written to
```

A package that may only be read is still read: an image that was warmed when it was made starts
warm. Processes that start at once take turns to write; where nothing can be written, each compiles
for itself.
"""

import fcntl
import hashlib
import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from numba.core import caching, config

EDITION = "compiled-"
"""What the directories' names begin with."""
LOOSE = "*.nb[ci]"
"""What numba keeps by itself, beside the directories."""


@cache
def package_of(folder: Path) -> Path:
    """The outermost package that a folder of sources is in: loops call what is in other rooms."""
    while (folder.parent / "__init__.py").exists():
        folder = folder.parent
    return folder


@cache
def edition(package: Path) -> str:
    """The name of the directory for the sources of a package as they are now."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        text = path.read_bytes()
        digest.update(f"{path.relative_to(package)} {len(text)}\n".encode() + text)
    checked = "-checked" if getattr(config, "BOUNDSCHECK", None) else ""
    return f"{EDITION}{digest.hexdigest()[:16]}{checked}"


def remove_others(directory: Path) -> None:
    """Remove what other editions left beside a directory; what cannot be removed may stay."""
    kept = directory.name.removesuffix("-checked")
    for path in directory.parent.glob(f"{EDITION}*"):
        if path.name.removesuffix("-checked") != kept:
            shutil.rmtree(path, ignore_errors=True)
    for path in directory.parent.glob(LOOSE):
        with suppress(OSError):
            path.unlink()


class _Edition:
    """A place of numba's, with a directory in it for the edition of the sources."""

    _py_file: str

    def get_cache_path(self) -> str:
        """The directory."""
        outer: str = super().get_cache_path()  # type: ignore[misc]
        return str(Path(outer, self.get_source_stamp()))

    def get_source_stamp(self) -> str:
        """The edition: also what numba asks whether a file is still good."""
        return edition(package_of(Path(self._py_file).parent))

    def ensure_cache_path(self) -> None:
        """Make the directory; raises `OSError` where it cannot be written to."""
        directory = Path(self.get_cache_path())
        fresh = not directory.exists()
        super().ensure_cache_path()  # type: ignore[misc]
        if fresh:
            remove_others(directory)


class _AsSet(_Edition, caching.UserProvidedCacheLocator):
    """In `NUMBA_CACHE_DIR`."""


class _BesideSources(_Edition, caching.InTreeCacheLocator):
    """Beside the sources; also where that is read only, if it is there."""

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        """The place for a function; `None` if it is of no use."""
        found = super().from_function(py_func, py_file)  # type: ignore[no-untyped-call]
        if found is not None or not Path(py_file).exists():
            return found
        place = cls(py_func, py_file)
        return place if Path(place.get_cache_path()).is_dir() else None


class _OfUser(_Edition, caching.UserWideCacheLocator):
    """In the user's cache directory."""


class _Impl(caching.CompileResultCacheImpl):
    """As numba writes it, in these places; the first that is of use."""

    _locator_classes = [_AsSet, _BesideSources, _OfUser]  # noqa: RUF012  # as numba has it


class _KernelCache(caching.FunctionCache):
    """What is kept of one function."""

    _impl_class = _Impl

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled. What cannot be written (a full disk, say) serves this process."""
        with suppress(OSError):
            self._impl.locator.ensure_cache_path()
            with Path(self.cache_path, "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                super().save_overload(sig, data)  # type: ignore[no-untyped-call]


def kept(kernel: Callable[..., object]) -> Any:
    """The machine code of one function. Raises `RuntimeError` when there is no place for any."""
    return _KernelCache(kernel)  # type: ignore[no-untyped-call]
