"""RESULTS.md: figures with the machine, the date, the commit and the command that made them.

A report writes its section in place of the one that is there; the others stay as they are.
"""

import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path("tests/benchmarks/RESULTS.md")
TITLE = "# Results\n\nWritten by the benchmarks themselves; each section says how.\n"


def write_section(
    path: Path, title: str, body: Iterable[str], command: str, packages: Sequence[str] = ()
) -> None:
    """Put a section into the file: `body` is Markdown, line by line.

    Above it go the conditions of the run, which ends now, with the versions of the `packages` that
    were measured, and the command that repeats it.
    """
    text = path.read_text() if path.exists() else TITLE
    path.parent.mkdir(parents=True, exist_ok=True)
    new = "\n".join([conditions(packages), "", f"    {command}", "", *body])
    path.write_text(replaced(text, f"## {title}", new))


def replaced(text: str, heading: str, new: str) -> str:
    r"""The text with the section under this heading replaced, or with it at the end.

    >>> print(replaced("# R\n\n## Bread\n\nold\n\n## Jam\n\nsweet\n", "## Bread", "new"))
    # R
    <BLANKLINE>
    ## Bread
    <BLANKLINE>
    new
    <BLANKLINE>
    ## Jam
    <BLANKLINE>
    sweet
    <BLANKLINE>
    """
    before, found, after = text.partition(f"{heading}\n")
    rest = after.partition("\n## ") if found else ("", "", "")
    following = f"\n{rest[1].strip()} {rest[2]}" if rest[1] else ""
    return f"{before.rstrip()}\n\n{heading}\n\n{new.strip()}\n{following}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table, figures to the right of the first column.

    >>> table(["", "hits"], [["kNN", ".52"]])
    ['| | hits |', '|---|--:|', '| kNN | .52 |']
    """
    lines = [f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in (head, *rows)]
    return [lines[0], f"|---|{'--:|' * (len(head) - 1)}", *lines[1:]]


def at_most(what: str, figure: float, bound: float) -> str:
    """Whether a figure kept below what was wanted, said as loudly when it did not.

    >>> at_most("p99 in ms", 45.0, 40.0)
    '- MISSED: p99 in ms: 45, wanted at most 40'
    """
    return _judged(figure <= bound, what, figure, f"at most {bound:g}")


def at_least(what: str, figure: float, bound: float) -> str:
    """Whether a figure reached what was wanted.

    >>> at_least("hit rate", 0.561, 0.56)
    '- reached: hit rate: 0.561, wanted at least 0.56'
    """
    return _judged(figure >= bound, what, figure, f"at least {bound:g}")


def _judged(holds: bool, what: str, figure: float, wanted: str) -> str:
    return f"- {'reached' if holds else 'MISSED'}: {what}: {figure:.3g}, wanted {wanted}"


def this_command() -> str:
    """What was typed to start this run; where a file lies is one machine's business."""
    words = (Path(word).name if Path(word).is_absolute() else word for word in sys.argv[1:])
    return shlex.join(["goeswith", *words])


def conditions(packages: Sequence[str] = ()) -> str:
    """Machine, software, date and commit of a run that ends now."""
    versions = "".join(f", {name} {version(name)}" for name in packages)
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {_commit()}; {_processor()}, "
        f"{os.cpu_count()} cores; {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}{versions}"
    )


def _processor() -> str:
    """The processor's name, where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "unknown processor")


def _commit() -> str:
    """The commit that is checked out, and whether there is more than it (but for these results)."""
    more = _git("status", "--porcelain", "--untracked-files=no", "--", ".", f":!{RESULTS}")
    commit = _git("describe", "--always", "--abbrev=10")
    return "unknown" if commit is None else f"{commit}{'-dirty' if more else ''}"


def _git(*words: str) -> str | None:
    """What git says; None when it does not."""
    command = ("git", *words)
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
