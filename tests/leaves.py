"""The leaves of a state: what a test replaces one by one."""

import copy
from collections.abc import Iterator
from typing import Any

Path = tuple[Any, ...]

OTHERS: tuple[Any, ...] = (None, True, "x", 7, -1, 0.5, 10**30, [], ["x", "y"], {}, {"x": 1})
"""One of them is of another type, whatever stood there."""


def leaves(state: Any, path: Path = ()) -> Iterator[Path]:
    """The way to everything in it that is neither a list nor an object."""
    if isinstance(state, dict | list):
        inner = state.items() if isinstance(state, dict) else enumerate(state)
        for key, value in inner:
            yield from leaves(value, (*path, key))
    else:
        yield path


def leaf(state: Any, path: Path) -> Any:
    """What stands there."""
    for key in path:
        state = state[key]
    return state


def replaced(state: Any, path: Path, value: Any) -> Any:
    """A copy of the state with another value there."""
    changed = copy.deepcopy(state)
    leaf(changed, path[:-1])[path[-1]] = value
    return changed
