"""What controls kept back is told as that, wherever their topic still tells what they were."""

from typing import Any

import pytest

from streams.contract.settings import Settings
from streams.operations.explanation.fates import Fate, in_words
from streams.operations.explanation.then.controls_then import ControlChange, ControlsThen
from tests.operations.explanation.kept_log import OneWorker
from tests.operations.explanation.test_explanation import POLITE, explained
from tests.stories import NOON_MS, Story

DRAWN = ("bought_together", "popular", "viewed_together", "buy_again")
SETTINGS = Settings(**POLITE | {"holdout_share": 0.0, "cool_down_s": 60.0})
OFF = [ControlChange(NOON_MS, f"arms.{arm}.state", "off") for arm in DRAWN]
ON_AGAIN = [ControlChange(NOON_MS + 10_000, f"arms.{arm}.state", None) for arm in DRAWN]
LATER_MS = NOON_MS + 30_000


def asked(then: ControlsThen, known: ControlsThen | None) -> list[Fate]:
    """Two views that controls decided about, the second one 20 s later; told by what is known."""
    worker, story = OneWorker(SETTINGS), Story("ann", start_ms=NOON_MS)
    for number in range(3):
        past = Story(f"past-{number}", start_ms=NOON_MS - 60_000)
        for event in (past.add("bread"), past.add("butter"), past.order("bread", "butter")):
            worker.take(0, event)
    for after_s in (5, 20):
        view = story.view("bread", after_s=after_s)
        worker.controls = then.at(view.occurred_at_ms)
        worker.take(0, view)
    return explained(worker, "ann", controls=known)


def test_a_silence_of_arms_that_are_off_is_told_with_their_names() -> None:
    """No operator looks for lag, nor for a pause after a prompt that never was."""
    then = ControlsThen(SETTINGS, OFF)
    told = asked(then, then)

    assert [("silence", "arms_off")] * 2 == [
        (one.became, one.silence and one.silence.reason) for one in told
    ]
    assert f"by a control: {', '.join(sorted(DRAWN))}" in in_words(told[0]).replace("\n", " ")


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [("prompts.paused", True, "paused"), ("prompts.items_max", 0, "paused")],
)
def test_a_silence_of_any_control_is_told(key: str, value: Any, reason: str) -> None:
    """As the worker gave it."""
    then = ControlsThen(SETTINGS, [ControlChange(NOON_MS, key, value)])

    assert [reason] * 2 == [one.silence and one.silence.reason for one in asked(then, then)]


def test_a_pause_that_a_control_has_set_is_told_by_its_own_length() -> None:
    """The control stands in the place of the setting."""
    then = ControlsThen(SETTINGS, [ControlChange(NOON_MS, "prompts.cool_down_s", 300)])
    first, second = asked(then, then)

    assert ("prompt", "silence") == (first.became, second.became)
    assert second.silence is not None
    assert "280.0 s of it were left" in second.silence.why
    assert "300 s at first" in second.silence.wait


def test_controls_count_for_the_events_of_their_time() -> None:
    """Off at the first view, and on again before the second one, which has a prompt."""
    then = ControlsThen(SETTINGS, [*ON_AGAIN, *OFF])

    assert ["silence", "prompt"] == [one.became for one in asked(then, then)]


def test_what_is_known_of_controls_no_more_is_one_cause_among_others() -> None:
    """Their topic is compacted, or may not be read."""
    then = ControlsThen(SETTINGS, [*OFF, *ON_AGAIN])
    first, second = asked(then, ControlsThen(SETTINGS, ON_AGAIN))

    assert ("unknown", "prompt") == (first.became, second.became)
    assert "a control that has changed since kept it back" in in_words(first).replace("\n  ", " ")


def test_what_workers_refuse_and_what_nobody_decides_by_changes_nothing() -> None:
    """An arm that there is not, a note, what is the catalogue's; and before them nothing stood."""
    none = [
        ControlChange(NOON_MS, "arms.nonsense.state", "off"),
        ControlChange(NOON_MS, "colour", "blue"),
        ControlChange(NOON_MS, "items.hidden", ["bread"]),
    ]

    assert ControlsThen(SETTINGS, none).at(LATER_MS) is None
    assert ControlsThen(SETTINGS, OFF).at(NOON_MS - 1) is None
    assert ControlsThen(SETTINGS, OFF).at(NOON_MS) is not None
