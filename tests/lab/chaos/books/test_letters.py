"""Dead letters in the books: those that the log calls for, no other ones, each by its reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from streams.contract.dead_letters import Header, dead_letter_headers
from streams.contract.errors import InvalidReceipt
from streams.contract.events import PromptClicked
from streams.lab.chaos.books.books import Place, Recomputed, recompute
from streams.lab.chaos.books.letters import judged_letters, letters_say
from tests.lab.chaos.books.test_books import SETTINGS, recorded
from tests.stories import NOON_MS


@dataclass(frozen=True)
class Letter:
    """A record of the topic of dead letters."""

    partition: int
    offset: int
    headers: tuple[Header, ...]


def letters(*found: tuple[Place, str]) -> list[Letter]:
    """The dead letters of the events at these places, for these reasons."""
    return [
        Letter(0, number, tuple(_headers(place, reason)))
        for number, (place, reason) in enumerate(found)
    ]


def _headers(place: Place, reason: str) -> Sequence[Header]:
    error = InvalidReceipt(reason, "of no use")
    of = {"topic": "events", "partition": place[0], "offset": place[1], "timestamp_ms": 7}
    return dead_letter_headers(**of, error=error, original=())  # type: ignore[arg-type]


def owing(rejected: dict[Place, str]) -> Recomputed:
    """A log that calls for these."""
    return Recomputed("", {}, {}, {}, frozenset(), {}, None, rejected)


FORGOTTEN = ((1, 7), "receipt_forgotten")
OWED = owing(dict([FORGOTTEN]))


def test_letters_that_the_log_calls_for_are_exact_and_repeats_are_more() -> None:
    """A worker that answers again writes its letters again."""
    assert judged_letters(letters(FORGOTTEN), OWED).word == "EXACT"
    assert judged_letters([], owing({})) == ("EXACT", 0, 0, 0)
    assert judged_letters(letters(FORGOTTEN, FORGOTTEN), OWED) == ("MORE", 0, 0, 1)
    assert not [*letters_say(letters(FORGOTTEN, FORGOTTEN), OWED)]


def test_a_letter_that_is_not_there_is_lost() -> None:
    """It is named, with what the log says of it."""
    assert judged_letters([], OWED) == ("LESS", 1, 0, 0)
    assert [*letters_say([], OWED)] == [
        "offset 7 of partition 1: no dead letter, by the log receipt_forgotten"
    ]


def test_a_letter_that_must_not_be_or_has_another_reason_is_wrong() -> None:
    """Nobody else writes there, either."""
    other = ((1, 7), "receipt_forged")

    assert judged_letters(letters(FORGOTTEN), owing({})) == ("LESS", 0, 1, 0)
    assert judged_letters(letters(other), OWED) == ("LESS", 0, 1, 0)
    assert judged_letters([Letter(0, 3, ())], owing({})) == ("LESS", 0, 1, 0)
    assert [*letters_say(letters(other), OWED)] == [
        "offset 7 of partition 1: receipt_forged, by the log receipt_forgotten"
    ]


def test_the_log_says_which_events_are_dead_letters() -> None:
    """One whose receipt was made up, and none whose receipt opens."""
    about: dict[str, Any] = {"session_id": "s", "occurred_at_ms": NOON_MS}
    made_up = PromptClicked(event_id="c", item_id="jam", receipt="made up", **about)

    found = recompute(SETTINGS, recorded([made_up]), {}).rejected

    assert found == {(0, 0): "receipt_unreadable"}
