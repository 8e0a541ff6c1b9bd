"""The Faust process: `faust -A streams.worker worker`, or `goeswith worker`."""

from typing import Any


def __getattr__(name: str) -> Any:
    """`app`, when Faust asks for it: a part of the worker, such as its rounds, loads without."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from streams.worker.running import process  # noqa: PLC0415  # it loads Faust

    return process.app
