"""What a worker takes and how full it is, for its page: memory, tables, version; and advice.

A table that is full lets the least go. That is its purpose, and no failure; but whoever has
memory to spare may want to know more.
"""

import os
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from models.recommenders.recommender import TableSize

SETTINGS = {
    "items": "GOESWITH_ITEMS_MAX",
    "pairs": "GOESWITH_PAIRS_PER_ITEM_MAX",
    "shoppers": "GOESWITH_SHOPPERS_MAX",
    "sessions": "GOESWITH_SESSIONS_MAX",
}
"""What bounds a table, by the last word of its name; a recommender of one's own may have others."""
UNNAMED = "at_most of its recommender"
NEARLY_FULL = 0.9
MEMORY_SHARE_MAX = 0.8
STATM = Path("/proc/self/statm")
CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


@cache
def installed_version() -> str:
    """The version of goeswith that is installed; read once: it takes files, on the event loop."""
    try:
        return version("goeswith")
    except PackageNotFoundError:
        return "not installed"


def memory() -> dict[str, int | None]:
    """Resident memory of this process, and the limit of its container, in bytes; None: unknown."""
    return {"rss_bytes": _resident_bytes(), "limit_bytes": _limit_bytes()}


def sizes_json(tables: Mapping[str, TableSize]) -> dict[str, dict[str, Any]]:
    """The tables as plain values."""
    return {
        name: {**size._asdict(), "share": round(_share(size), 4)} for name, size in tables.items()
    }


def advice(tables: Mapping[str, TableSize], held: Mapping[str, int | None]) -> list[str]:
    """A sentence for each thing that is full, or nearly.

    A row of a table that ran full in a table with room (the partners of one staple, say) is as it
    should be: `forgot` tells of it, and nothing is to be done.

    >>> advice({"baskets.items": TableSize(95, 100, False)}, {"rss_bytes": 1, "limit_bytes": None})
    ['baskets.items is 95 % full: see GOESWITH_ITEMS_MAX']
    """
    said = []
    for name, size in tables.items():
        setting = SETTINGS.get(name.rpartition(".")[2], UNNAMED)
        if _share(size) < NEARLY_FULL:
            continue
        if size.forgot:
            said.append(
                f"{name} has been full, and has forgotten what counted least: a larger {setting} "
                "remembers more, takes more memory, and begins anew (docs/settings.md)"
            )
        else:
            said.append(f"{name} is {100 * _share(size):.0f} % full: see {setting}")
    rss, limit = held["rss_bytes"], held["limit_bytes"]
    if rss is not None and limit is not None and rss > MEMORY_SHARE_MAX * limit:
        said.append(
            f"memory is {100 * rss / limit:.0f} % of its limit, and a checkpoint's child needs "
            "some, too: raise the limit, or lower what docs/capacity.md names under memory"
        )
    return said


def _share(size: TableSize) -> float:
    """How full it is; what may hold nothing is not full."""
    return size.held / size.at_most if size.at_most else 0.0


def _resident_bytes() -> int | None:
    try:
        return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def memory_limit() -> int | None:
    """What the container may take, or else all that the machine has, in bytes; None: unknown."""
    limits = [limit for limit in (_limit_bytes(), _machine_bytes()) if limit is not None]
    return min(limits, default=None)


def _machine_bytes() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None


def _limit_bytes() -> int | None:
    """Of the control group; "max" is none."""
    try:
        return int(CGROUP_LIMIT.read_text())
    except (OSError, ValueError):
        return None
