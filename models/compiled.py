"""How the hot loops are compiled: by numba, once, into a cache that outlives the process.

numba keeps machine code in `__pycache__` beside the source; where that is read-only, in the user's
cache directory; or where `NUMBA_CACHE_DIR` says. Where it may write nowhere, each process compiles
for itself. `models.warm` fills the cache before the first shopper comes.

Importing this module imports numba, which takes a second: only models that need it import it.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """The function as machine code, for the types of arguments that it is first called with.

    Division by zero is infinite, as in numpy; additions keep their order, so that every machine
    gets the same sums.
    """
    options = {"nogil": True, "fastmath": False, "error_model": "numpy"}
    try:
        fast: F = njit(cache=True, **options)(function)
    except RuntimeError:  # numba found no directory to write to
        fast = njit(**options)(function)
    return fast
