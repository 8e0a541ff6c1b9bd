"""What a change touches: the lines that differ from where it began, of files that moved as well."""

import re
import subprocess
from pathlib import Path

MAIN = ("origin/main", "main")
FILE = re.compile(r"^\+\+\+ b/(.*?)\t?$", re.MULTILINE)
HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


class NoHistory(Exception):
    """There is nothing to compare with."""


def beginning(root: Path) -> str:
    """The commit from which a change goes off main, or the one before, if this is main itself."""
    head = _git(root, "rev-parse", "HEAD")
    for main in MAIN:
        try:
            base = _git(root, "merge-base", "HEAD", main)
        except NoHistory:
            continue
        if base != head:
            return base
    return _git(root, "rev-parse", "HEAD~1")


def changed_lines(root: Path, base: str) -> dict[str, set[int]]:
    """By file, the lines that are new since a commit, or stand where lines are gone."""
    form = ("--no-color", "--no-ext-diff", "--src-prefix=a/", "--dst-prefix=b/")
    told = _git(root, "diff", "--find-renames", "--unified=0", *form, base)
    _, *parts = FILE.split(told)
    return {path: lines(part) for path, part in zip(parts[::2], parts[1::2], strict=True)}


def lines(difference: str) -> set[int]:
    """The lines that a unified difference without context has on its new side.

    >>> sorted(lines("@@ -3,0 +4,2 @@ def learn(self):"))
    [4, 5]
    >>> sorted(lines("@@ -7 +6,0 @@ def learn(self):"))  # one is gone, between 6 and 7
    [6, 7]
    """
    found: set[int] = set()
    for first, count in HUNK.findall(difference):
        start, number = int(first), int(count or 1)
        found.update(range(start, start + (number or 2)))
    return found


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoHistory(f"git {' '.join(arguments)}: {error}") from None
    return done.stdout.strip()
