"""Dead letters, judged: each record that the log alone says is one, and no other, by its reason.

A receipt that its session has forgotten by then is refused by the fold, and becomes a dead letter:
of a feedback that comes late it depends on the day. So there is no number that there must be. The
offline shop says which there are, as it does of outcomes.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Protocol

from streams.contract.dead_letters import Header, cause
from streams.lab.chaos.books.books import AuditResult, Place, Recomputed, Word


class AuditedLetter(Protocol):
    """What is read of a record of the topic of dead letters."""

    @property
    def partition(self) -> int:
        """Number of its partition."""

    @property
    def offset(self) -> int:
        """Its place in the partition."""

    @property
    def headers(self) -> tuple[Header, ...]:
        """Its headers."""


def judged_letters(letters: Iterable[AuditedLetter], recomputed: Recomputed) -> AuditResult:
    """Whether, repeats dropped, exactly those records are dead letters that the log calls for."""
    reasons, number = _reasons(letters)
    owed = recomputed.rejected
    lost = len(owed.keys() - reasons.keys())
    wrong = sum(owed.get(place) != reason for place, reason in reasons.items())
    repeats = number - len(reasons)
    word: Word = "LESS" if lost or wrong else "MORE" if repeats else "EXACT"
    return AuditResult(word, lost, wrong, repeats)


def letters_say(letters: Iterable[AuditedLetter], recomputed: Recomputed) -> Iterator[str]:
    """Which records are dead letters and must not be, or must be and are not: a sentence each."""
    reasons, _ = _reasons(letters)
    owed = recomputed.rejected
    for place in dict.fromkeys(chain(reasons, owed)):
        found, wanted = reasons.get(place, "no dead letter"), owed.get(place, "no dead letter")
        if found != wanted:
            partition, offset = place
            yield f"offset {offset} of partition {partition}: {found}, by the log {wanted}"


def _reasons(letters: Iterable[AuditedLetter]) -> tuple[dict[Place, str], int]:
    """By the place of the record the reason of its letter, and how many letters there are."""
    reasons: dict[Place, str] = {}
    number = 0
    for number, record in enumerate(letters, start=1):
        letter = cause(record.headers)
        if letter is None:
            reasons[-1, number] = "not written by goeswith"
        else:
            reasons.setdefault((letter.partition, letter.offset), letter.reason)
    return reasons, number
