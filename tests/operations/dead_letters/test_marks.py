"""Marks of letters that were sent again: who reads letters knows them, and passes them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.clients.log_reader import Partition, RawRecord
from streams.contract.dead_letters import Header, cause, dead_letter_headers
from streams.contract.errors import InvalidEvent
from streams.operations.dead_letters.letters import (
    ALL_OTHERS,
    KINDS_MAX,
    OTHERS,
    SentAgain,
    find,
    kinds,
    letters,
    newest,
    sent_again_ms,
)
from streams.operations.dead_letters.marks import SentMark, mark, mark_headers
from streams.operations.dead_letters.tables import in_words, letters_table
from tests.operations.dead_letters.test_replay_plan import letter
from tests.stories import NOON_MS

AT = Partition("shop.dead-letters", 0)
OF = letter(0).cause
assert OF is not None


class Log:
    """What a reader of the topic hands out: one partition."""

    partitions = (AT,)

    def __init__(self, records: list[RawRecord], begin: int = 0) -> None:
        self.records, self.begin = records, begin

    def begins(self) -> dict[Partition, int]:
        """The first offset that there is."""
        return {AT: self.begin}

    def ends(self) -> dict[Partition, int]:
        """The next offset."""
        return {AT: len(self.records)}

    def between(self, begins: dict[Partition, int], ends: dict[Partition, int]) -> list[RawRecord]:
        """The records from there to there."""
        return self.records[max(self.begin, begins[AT]) : ends[AT]]


def log(*records: RawRecord, begin: int = 0) -> Any:
    """A reader of these records."""
    return Log(list(records), begin)


def marked(letter_id: str, offset: int, *, message: str = "") -> RawRecord:
    """The mark of a letter of wrong key, a minute later for each offset."""
    assert OF is not None
    headers = mark_headers(letter_id, OF)
    if message:
        headers[-1] = headers[-1][0], message.encode()
    return RawRecord(AT, offset, NOON_MS + 60_000 * offset, letter_id.encode(), None, headers)


def test_a_mark_tells_whose_it_is_and_what_had_been_wrong() -> None:
    """By its headers alone; its time is when the letter was sent."""
    said = SentMark("0:3", "wrong_key", letter(3).message, NOON_MS + 300_000)

    assert said == mark(marked("0:3", 5))


@pytest.mark.parametrize(
    "letter_id",
    ["1:3", "0:5", "0:6", "0:", "bread", "", "0:-1", "0:\u0663", "0:" + "9" * 5_000],
    ids=["elsewhere", "itself", "later", "half", "word", "empty", "minus", "digit", "long"],
)
def test_what_cannot_be_the_letter_of_a_mark_makes_it_none(letter_id: str) -> None:
    """Of another partition, not before it, or no id."""
    assert mark(marked(letter_id, 5)) is None


@given(st.lists(st.sampled_from(mark_headers("0:3", OF)), max_size=6))
def test_no_event_of_a_sender_is_a_mark_when_it_is_a_dead_letter(original: list[Header]) -> None:
    """Whatever headers it came with: ours come behind."""
    headers = dead_letter_headers(
        topic="shop.events",
        partition=0,
        offset=1,
        timestamp_ms=1,
        error=InvalidEvent("oversize", ""),
        original=original,
    )

    assert mark(RawRecord(AT, 5, NOON_MS, b"s", b"{", headers)) is None
    assert cause(headers) is not None


def test_marks_are_no_letters_and_are_noted() -> None:
    """The latest time of each; of letters that retention took nothing."""
    records = [letter(0).record, letter(1).record]
    records += [marked("0:0", 2), marked("0:1", 3), marked("0:1", 4)]
    sent, fewer, reader = SentAgain(), SentAgain(), log(*records)

    assert ["0:0", "0:1"] == [one.id for one in letters(reader, None, sent)]
    assert ["0:1"] == [one.id for one in letters(log(*records, begin=1), None, fewer)]
    assert {"0:0": NOON_MS + 120_000, "0:1": NOON_MS + 240_000} == sent.at_ms
    assert {"0:1"} == fewer.at_ms.keys()
    assert ["0:0", "0:1"] == [one.id for one in newest(letters(reader), 10)]
    assert find(reader, 0, 3) is None
    assert find(reader, 0, 1) is not None


def test_when_one_letter_was_sent_again() -> None:
    """The latest time; others' marks are others'."""
    reader = log(
        *(letter(0).record, letter(1).record),
        *(marked("0:0", 2), marked("0:0", 3), marked("0:9", 4)),
    )

    assert NOON_MS + 180_000 == sent_again_ms(reader, letter(0))
    assert sent_again_ms(reader, letter(1)) is None


def test_who_waits_for_letters_or_marks_sees_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A month of dead letters takes a while; a pipe is told nothing."""
    reader = log(*(letter(n).record for n in range(5)))
    list(letters(reader))
    sent_again_ms(reader, letter(1))
    assert ("", "") == capsys.readouterr()
    monkeypatch.setenv("FORCE_COLOR", "1")
    sent_again_ms(reader, letter(1))
    behind = capsys.readouterr().err
    list(letters(reader))

    assert "reading dead letters" in behind
    assert "/3" in behind
    assert "/5" in capsys.readouterr().err


def test_the_summary_counts_what_was_sent_again_by_kind() -> None:
    """Each letter once, however often it was sent; a mark of an unknown kind is nobody's."""
    other = InvalidEvent("oversize", "70000 bytes are more than event_bytes_max=65536")
    records = [letter(0).record, letter(1, error=other).record, letter(2, error=other).record]
    records += [marked("0:0", 3), marked("0:0", 4), marked("0:1", 5, message="of no letter")]
    sent = SentAgain()
    counted = kinds(letters(log(*records), None, sent), sent)

    assert [("oversize", 2, 0), ("wrong_key", 1, 1)] == [
        (kind.reason, kind.count, kind.sent_again) for kind in counted
    ]


def test_kinds_beyond_number_are_counted_together_when_they_were_sent_again() -> None:
    """As their letters are."""
    sent = SentAgain()
    words = [chr(97 + n % 26) * (n // 26 + 1) for n in range(2 * KINDS_MAX)]
    for n, word in enumerate(words):
        sent.note(SentMark(f"0:{n}", word, "", NOON_MS))
    told = [letter(n, error=InvalidEvent(word, "")) for n, word in enumerate(words)]
    found = kinds(told, sent)
    last = SentAgain()
    last.note(SentMark("0:9", words[-1], "", NOON_MS))

    assert OTHERS == found[0].reason
    assert sent.by_kind[ALL_OTHERS] == found[0].sent_again == found[0].count
    assert len(words) == sum(kind.sent_again for kind in found)
    assert [(OTHERS, 1)] == [(one.reason, 1) for one in kinds(told, last) if one.sent_again]


def test_list_and_letter_say_when_it_was_sent_again() -> None:
    """Or nothing, where it was not."""
    table = letters_table([letter(0), letter(1)], {"0:0": NOON_MS}, NOON_MS + 7_200_000)

    assert ["2 h ago", ""] == [row[-1] for row in table.rows]
    assert "sent again: 2026-01-01 12:00 UTC" in list(in_words(letter(0), NOON_MS))
    assert not any(line.startswith("sent again") for line in in_words(letter(0)))
