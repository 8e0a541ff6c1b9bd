"""What events say and nobody uses is said once in the log, and counted."""

import logging

import pytest

from streams.contract.settings import Settings
from streams.shop.decision.languages.messages import TEXTS
from streams.worker.answers.unlisted import NAMES_MAX, OTHERS, Unlisted
from streams.worker.telemetry import Telemetry
from tests.stories import Story

SPOKEN = ", ".join(TEXTS)


@pytest.fixture
def telemetry() -> Telemetry:
    """Of a worker that has just begun."""
    return Telemetry()


@pytest.fixture
def unlisted(telemetry: Telemetry) -> Unlisted:
    """Of a shop with one segment."""
    return Unlisted(Settings(segments="club"), telemetry)


def test_a_segment_that_nobody_listed_is_said_once_and_counted(
    unlisted: Unlisted, telemetry: Telemetry, caplog: pytest.LogCaptureFixture
) -> None:
    """By its name; a listed one is not, nor is none."""
    story = Story()
    for segment in ("vip", "club", None, "vip", "vip"):
        unlisted.note(story.view("tea", segment=segment))

    assert {"vip": 3} == telemetry.snapshot()["unlisted_segments"]
    (line,) = caplog.records
    assert logging.WARNING == line.levelno
    assert "'vip' is not listed in GOESWITH_SEGMENTS" in line.getMessage()


def test_a_built_in_word_is_said_to_be_one(
    unlisted: Unlisted, caplog: pytest.LogCaptureFixture
) -> None:
    """To list it would be refused."""
    unlisted.note(Story().view("tea", segment="new"))

    assert "built-in" in caplog.text


def test_a_language_without_texts_is_said_once_and_counted(
    unlisted: Unlisted, telemetry: Telemetry, caplog: pytest.LogCaptureFixture
) -> None:
    """By the language, however its locales are written."""
    story = Story()
    for locale in ("pl-PL", "de_DE", "pl", "en", None, "pl_PL", "de_DE"):
        unlisted.note(story.view("tea", locale=locale))

    assert {"pl": 3} == telemetry.snapshot()["languages_without_texts"]
    assert [f"no texts in language 'pl': it gets English (there are {SPOKEN})"] == [
        line.getMessage() for line in caplog.records
    ]


def test_names_that_a_sender_makes_up_take_no_memory(
    unlisted: Unlisted, telemetry: Telemetry, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor do they fill the log."""
    story = Story()
    for number in range(NAMES_MAX + 10):
        unlisted.note(story.view("tea", segment=f"s{number}", locale=f"x{number}"))

    for counts in (telemetry.unlisted_segments, telemetry.languages_without_texts):
        assert (NAMES_MAX + 1, 10) == (len(counts), counts[OTHERS])
    assert 2 * NAMES_MAX == len(caplog.records)
