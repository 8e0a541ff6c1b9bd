"""What has to be done, and by whom, for another number of partitions."""

from typing import Any

import pytest

from streams.clients.log_reader import GroupMember
from streams.contract.settings import Settings
from streams.operations.lag.figures import GroupLag, PartitionLag
from streams.operations.log_faults.steps import (
    Known,
    NewLog,
    Repartitioning,
    Step,
    narrow,
    of_new_log,
    of_reference,
    of_same_log,
)

OLD = Settings(topic_prefix="shop", partitions=2, group_id="staff")
ELSEWHERE = Repartitioning(OLD, Settings(topic_prefix="shop3", partitions=3, group_id="staff"))
WIDER = Repartitioning(OLD, Settings(topic_prefix="shop", partitions=3, group_id="staff"))
HERE = dict.fromkeys(OLD.topics.declared(), 2)
THERE = dict.fromkeys(ELSEWHERE.new.topics.declared(), 3)
ALL_KNOWN = Known((), "a file")
UNTOUCHED = NewLog()
NOBODY: tuple[GroupMember, ...] = ()


def lag(members: tuple[GroupMember, ...] | None = NOBODY, **of_one: Any) -> GroupLag:
    """The lag of a group that is done, but for one partition."""
    done: dict[str, Any] = {"end": 9, "committed": 9, "lag_events": 0, "lag_s": 0.0}
    partitions = (PartitionLag(0, **done), PartitionLag(1, **done | of_one))
    return GroupLag("staff", "shop.events", partitions, members)


def state(steps: list[Step], name: str) -> tuple[str, str]:
    """What is said of a step."""
    (found,) = (step for step in steps if step.name == name)
    return found.state, found.said


@pytest.mark.parametrize(
    ("group", "step", "words"),
    [
        (lag((GroupMember("ann", "here", (0, 1)),)), "workers", "ann. Stop them"),
        (
            lag((GroupMember("ann", "here", ()),)),
            "workers",
            "session timeout of the workers is over",
        ),
        (lag(None), "workers", "does not tell"),
        (lag(lag_events=1), "answered", "1 event of shop.events not answered"),
        (lag(held_back=3), "answered", "a transaction on shop.events is open"),
        (lag(committed=12), "answered", "more than the log holds"),
    ],
)
def test_a_log_that_is_in_use_is_not_left(group: GroupLag, step: str, words: str) -> None:
    """Somebody else has to do something first, and is told what."""
    found, said = state(of_new_log(ELSEWHERE, group, ALL_KNOWN, UNTOUCHED, {}), step)

    assert ("in the way", True) == (found, words in said)


@pytest.mark.parametrize(
    ("known", "found", "words"),
    [
        (ALL_KNOWN, "done", "is in the checkpoint"),
        (Known((1,), "a file"), "to do", "after the checkpoint (partition 1)"),
        (Known((), "a file", is_there=False), "to do", "fold all of shop.events"),
        (Known((), "a file", why_not="it is damaged"), "in the way", "it is damaged"),
    ],
)
def test_all_that_the_old_log_holds_is_known_before_anything_goes_along(
    known: Known, found: str, words: str
) -> None:
    """Or nothing goes."""
    told, said = state(of_new_log(ELSEWHERE, lag(), known, UNTOUCHED, {}), "known")

    assert (found, True) == (told, words in said)


def test_topics_that_are_there_have_to_be_as_wanted_and_empty() -> None:
    """Nobody knows what somebody else has put there."""

    def made(counts: dict[str, int], taken: NewLog = UNTOUCHED) -> tuple[str, str]:
        return state(of_new_log(ELSEWHERE, lag(), ALL_KNOWN, taken, counts), "topics")

    assert "to do" == made({})[0]
    assert ("to do", "make shop3.agreement") == made(
        {name: of for name, of in THERE.items() if name != "shop3.agreement"}
    )
    assert "done" == made(THERE)[0]
    assert ("in the way", "shop3.events has 2 partitions, not 3") == made(
        THERE | {"shop3.events": 2}
    )
    assert "whether they are new or copies" in made(THERE, NewLog(in_use=True))[1]


def test_what_came_too_late_goes_along_while_nothing_was_folded_of_the_new_log() -> None:
    """Afterwards it would be learned by nobody, which is told; and what is done stays done."""
    late, busy = Known((0,), "a file"), lag(members=(GroupMember("ann", "here", ()),))
    unused, used = NewLog(is_there=True), NewLog(is_there=True, in_use=True)

    def goes(known: Known, taken: NewLog) -> list[tuple[str, str]]:
        steps = of_new_log(ELSEWHERE, busy, known, taken, THERE)
        return [(step.name, step.state) for step in steps]

    assert [("knowledge", "done")] == goes(ALL_KNOWN, used) == goes(ALL_KNOWN, unused)
    assert [("knowledge", "in the way")] == goes(late, used)
    assert ("known", "to do") in goes(late, unused)
    assert ("knowledge", "to do") in goes(late, unused)


@pytest.mark.parametrize(
    ("known", "in_use", "words"),
    [
        (Known((), "a file", why_not="it is of shop3.events"), False, "7 events by the lag"),
        (Known((), "a file", why_not="it is of shop3.events"), True, "shop3 learns from them"),
        (ALL_KNOWN, True, "nobody answers them, though they are known"),
    ],
)
def test_nothing_is_done_while_something_waits_in_the_old_log(
    known: Known, in_use: bool, words: str
) -> None:
    """It came after the look, or the file has the new log's checkpoint and tells nothing of it."""
    taken = NewLog(is_there=True, in_use=in_use)
    found, said = state(of_new_log(ELSEWHERE, lag(lag_events=7), known, taken, THERE), "knowledge")

    assert ("in the way", True) == (found, words in said), said
    assert "done" == state(of_new_log(ELSEWHERE, lag(), known, taken, THERE), "knowledge")[0]


def test_what_came_between_the_look_and_the_checkpoint_is_to_be_answered_first() -> None:
    """As long as nothing was folded of the new log, a worker of the old one can."""
    taken = NewLog(is_there=True)
    steps = of_new_log(ELSEWHERE, lag(lag_events=7), ALL_KNOWN, taken, THERE)

    assert "in the way" == state(steps, "answered")[0]


def test_partitions_are_added_then_the_checkpoint_is_taken_over() -> None:
    """Each step by itself, so that somebody who was interrupted begins again."""

    def steps(counts: dict[str, int], known_for: int | None) -> list[tuple[str, str]]:
        found = of_same_log(WIDER, lag(lag_events=7), counts, known_for)
        return [(step.name, step.state) for step in found]

    wide = dict.fromkeys(HERE, 3)
    half = HERE | {"shop.events": 3}
    assert [("workers", "done"), ("topics", "to do"), ("knowledge", "to do")] == steps(HERE, 2)
    assert steps(HERE, 2) == steps(half, 2)
    assert "shop.events" not in narrow(WIDER, half)
    assert [("workers", "done"), ("topics", "done"), ("knowledge", "to do")] == steps(wide, 2)
    assert [("topics", "done"), ("knowledge", "done")] == steps(wide, 3) == steps(wide, None)
    assert ("topics", "in the way") in steps(HERE | {"shop.prompts": 4}, 2)
    assert ("topics", "to do") in steps({"shop.events": 3}, None)


def test_what_was_done_says_of_knowledge_what_the_plan_said() -> None:
    """Whoever reads the report alone knows that it was taken over, and what became of sessions."""
    wide = dict.fromkeys(HERE, 3)
    plan, done = (of_same_log(WIDER, lag(), wide, known_for)[-1] for known_for in (2, 3))
    (there,) = of_new_log(ELSEWHERE, lag(), ALL_KNOWN, NewLog(is_there=True), THERE)

    assert plan.said == done.said
    assert "taken over" in done.said
    assert "sessions stay behind" in there.said


def test_partitions_that_there_are_already_take_nothing_over() -> None:
    """No session begins anew then, and nobody is told so."""
    same = Repartitioning(WIDER.new, WIDER.new)
    wide = dict.fromkeys(HERE, 3)
    (*_, knowledge) = of_same_log(same, lag(), wide, 3)

    assert ("done", False) == (knowledge.state, "taken over" in knowledge.said)
    assert "these 3 partitions already" in knowledge.said
    assert "anew" not in knowledge.said
    assert "taken over" in of_same_log(same, lag(), wide, 2)[-1].said


def test_the_same_number_under_another_prefix_takes_sessions_along() -> None:
    """Their partitions are the same there."""
    renamed = Repartitioning(OLD, Settings(topic_prefix="bakery", partitions=2))

    assert "sessions go along" in of_new_log(renamed, lag(), ALL_KNOWN, UNTOUCHED, {})[-1].said
    assert "stay behind" in of_new_log(ELSEWHERE, lag(), ALL_KNOWN, UNTOUCHED, {})[-1].said


def test_a_catalogue_does_not_stay_behind_unsaid() -> None:
    """Who is to copy it is told how; where nothing is left behind nothing is said."""
    left = [("shop.catalog", "shop3.catalog"), ("shop.control", "shop3.control")]
    steps = of_reference(ELSEWHERE, left)

    assert [("catalog", "in the way"), ("control", "in the way")] == [one[:2] for one in steps]
    assert "GOESWITH_PARTITIONS=3 goeswith topics create --bootstrap " in steps[0].said
    assert " --prefix shop3`" in steps[0].said
    assert "-t shop.catalog -C -e -q -K '\\t' | kcat" in steps[0].said
    assert "-t shop3.catalog -P -Z -K '\\t'" in steps[0].said
    assert not of_reference(ELSEWHERE, [])
