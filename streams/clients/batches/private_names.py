"""Private API check: does a pinned library still have the private names that a patch relies on?"""

from collections.abc import Collection, Iterable, Mapping
from inspect import unwrap
from typing import Any

from streams.contract.errors import TransportChanged

Methods = Mapping[Any, Collection[str]]
"""Names that a class or a module has to have: what is overridden, replaced or called."""
Uses = Iterable[tuple[Any, str, Collection[str]]]
"""Methods of a class, and the names that they have to go on using for a mend to work."""


def check_private_api(libraries: str, methods: Methods, uses: Uses) -> None:
    """Raise `TransportChanged`, with all that is gone, if a name has been lost."""
    gone = [
        f"{_named(owner)}.{name}"
        for owner, names in methods.items()
        for name in names
        if not hasattr(owner, name)
    ]
    gone += [
        f"{name} in {_named(owner)}.{method}"
        for owner, method, names in uses
        for name in names
        if name not in _names_used(owner, method)
    ]
    if gone:
        raise TransportChanged(
            f"of {libraries} is gone: {', '.join(gone)}. Install the versions that "
            "pyproject.toml pins"
        )


def _named(owner: Any) -> str:
    """A class with its module, or a module."""
    within = getattr(owner, "__module__", None)
    return f"{within}.{owner.__qualname__}" if within else str(owner.__name__)


def _names_used(owner: Any, method: str) -> Collection[str]:
    """The attributes and globals that a method reads or sets; none if it is gone."""
    function: Any = getattr(owner, method, None)
    return unwrap(function).__code__.co_names if function is not None else ()
