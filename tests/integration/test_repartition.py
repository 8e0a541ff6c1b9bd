"""Another number of partitions on real Kafka: nothing that is known is lost, or learned twice."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.clients.sync_kafka import open_admin, partition_counts
from streams.contract.settings import Settings
from streams.operations.topics import create_topics
from tests.integration.operators import Operator, commit
from tests.integration.test_topics_as_they_are import (
    delete,
    empty,
    ends_of,
    learned,
    learned_by,
    learned_from,
)
from tests.integration.workers import Staff, send, views
from tests.stories import Story, Till

Employ = Callable[..., Staff]


@pytest.fixture
def employ(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[Employ]:
    """Opens a shop of two partitions, whose checkpoints are in a topic."""
    opened: list[Staff] = []

    def open_shop(**more: Any) -> Staff:
        given: dict[str, Any] = {"partitions": 2, "checkpoint_url": "kafka:", **more}
        staff = Staff(kafka, topic_prefix, tmp_path, **given)
        opened.append(staff)
        create_topics(staff.settings)
        return staff

    yield open_shop
    for staff in opened:
        staff.go_home()


def repartition(staff: Staff, *words: str) -> tuple[int, dict[str, tuple[str, str]], str]:
    """What the command says of each step, its exit code, and what it printed."""
    operator = Operator(staff.settings)
    done = operator.types("topics", "repartition", *words, "--json")
    try:
        told = json.loads(done.stdout)
    except ValueError:
        return done.exit_code, {}, done.output
    return done.exit_code, {s["name"]: (s["state"], s["said"]) for s in told["steps"]}, done.output


def states(steps: dict[str, tuple[str, str]]) -> dict[str, str]:
    """The steps without their sentences."""
    return {name: state for name, (state, _) in steps.items()}


def switch(staff: Staff, **changed: Any) -> None:
    """Give the workers other settings."""
    staff.common.update(changed)
    staff.settings = Settings(**staff.common)


def until_nobody_is_in_the_group(staff: Staff, *words: str) -> None:
    """A static member that ended stays one until its session timeout is over."""
    staff.until(lambda: repartition(staff, *words)[1]["workers"][0] == "done", "an empty group")


def test_knowledge_goes_along_once_to_topics_of_another_number(employ: Employ) -> None:
    """Said first, done when told to, and only once all is drained; then it is done for good."""
    staff = employ()
    words = ("--partitions", "5", "--to", f"{staff.settings.topic_prefix}-5")
    old, tail, new, late = list(views(120)), list(views(30)), list(views(40)), list(views(7))
    send(staff.settings, old)
    staff.start("ann")
    staff.until_at_work("ann")
    staff.until_answered()
    busy = repartition(staff, *words, "--apply")
    staff.workers["ann"].stop()
    send(staff.settings, tail)  # behind every checkpoint
    until_nobody_is_in_the_group(staff, *words)
    waiting = repartition(staff, *words, "--apply")
    commit(staff.settings, ends_of(staff))  # by a worker that was killed before its checkpoint
    before = Operator(staff.settings).types("topics", "list").output
    planned = repartition(staff, *words)
    untouched = Operator(staff.settings).types("topics", "list").output
    create_topics(moved := Settings(**staff.common | {"topic_prefix": words[3], "partitions": 5}))
    done = repartition(staff, *words, "--apply")  # after an interruption
    again = repartition(staff, *words, "--apply")
    was = staff.settings
    switch(staff, topic_prefix=moved.topic_prefix, partitions=5)
    send(staff.settings, new)
    staff.start("ann")
    now = learned_by(staff)
    folded = staff.state("ann")["telemetry"]["folded"]
    send(was, late)
    staff.settings = was
    behind = repartition(staff, *words, "--apply")

    assert (1, "in the way") == (busy[0], busy[1]["workers"][0])
    assert "ann" in busy[1]["workers"][1]
    assert (1, "in the way") == (waiting[0], waiting[1]["answered"][0])
    assert "30 events" in waiting[1]["answered"][1]
    assert 0 == planned[0]
    assert {"workers": "done", "answered": "done"} | dict.fromkeys(
        ("known", "topics", "knowledge"), "to do"
    ) == states(planned[1])
    assert "sessions stay behind" in planned[1]["knowledge"][1]
    assert before == untouched
    assert (0, {"knowledge": "done"}) == (done[0], states(done[1])), done[2]
    assert done == again
    assert learned_from(staff, [*old, *tail, *new]) == now
    assert len(new) == folded
    assert (1, {"knowledge": "in the way"}) == (behind[0], states(behind[1]))
    assert "no worker under prefix" in behind[1]["knowledge"][1]


def test_partitions_are_added_to_the_same_topics_and_sessions_stay(employ: Employ) -> None:
    """Though nothing was drained; and none are ever taken away."""
    staff, words = employ(), ("--partitions", "3")
    old, waiting, new = list(views(120)), list(views(30)), list(views(40))
    send(staff.settings, old)
    assert 0 == Operator(staff.settings).types("checkpoint", "save").exit_code
    send(staff.settings, waiting)
    planned = repartition(staff, *words)
    done = repartition(staff, *words, "--apply")
    switch(staff, partitions=3)
    again = repartition(staff, *words, "--apply")
    fewer = repartition(staff, "--partitions", "2", "--apply")
    operator = Operator(staff.settings)
    taken = operator.asks("checkpoint", "inspect")
    send(staff.settings, new)
    folded = operator.asks("checkpoint", "save")

    assert (0, {"workers": "done", "topics": "to do", "knowledge": "to do"}) == (
        planned[0],
        states(planned[1]),
    )
    assert (0, {"topics": "done", "knowledge": "done"}) == (done[0], states(done[1])), done[2]
    assert planned[1]["knowledge"][1] == done[1]["knowledge"][1]
    assert (0, states(done[1])) == (again[0], states(again[1]))
    assert "nothing has to go along" in again[1]["knowledge"][1]
    assert (1, "in the way") == (fewer[0], fewer[1]["topics"][0])
    assert "takes no partitions away" in fewer[1]["topics"][1]
    topics = staff.settings.topics
    with open_admin(staff.settings) as admin:
        counts = partition_counts(admin, topics.declared("kafka:"))
    kept = topics.checkpoints("kafka:")
    assert dict.fromkeys(topics.declared(), 3) | {kept: 1} == counts
    assert (3, len(old)) == (taken["partitions"], taken["events"])
    assert len([*waiting, *new]) == folded["folded"]
    assert learned_from(staff, [*old, *waiting, *new]) == learned(folded["digests"])


def test_fewer_partitions_and_a_shared_place_for_checkpoints(
    employ: Employ, tmp_path: Path
) -> None:
    """What the log holds goes along without any worker; the checkpoint before is kept aside.

    Not so with another secret than the workers', by which less would be learned.
    """
    staff = employ(partitions=3, checkpoint_url=(tmp_path / "shop.checkpoint").as_uri())
    prefix = f"{staff.settings.topic_prefix}-2"
    words = ("--partitions", "2", "--to", prefix)
    till, story = Till(), Story()
    till.teach("bread", "butter")
    till.serve(story.see(till.prompt(story.add("bread"))))
    send(staff.settings, till.served)
    commit(staff.settings, ends_of(staff))
    right = staff.settings
    switch(staff, receipt_secret="another")  # noqa: S106
    unread = repartition(staff, *words, "--apply")
    staff.settings = right
    code, steps, said = repartition(staff, *words, "--apply")
    again = repartition(staff, *words, "--apply")
    moved = Settings(**dict(right) | {"topic_prefix": prefix, "partitions": 2})
    found = Operator(moved).asks("checkpoint", "inspect")
    staff.settings = right.model_copy(update={"partitions": 2})
    wrong = repartition(staff, *words)

    assert (1, True) == (unread[0], "set GOESWITH_RECEIPT_SECRET as workers have it" in unread[2])
    assert "would teach nothing: 1 of key " in unread[2]
    assert (0, {"knowledge": "done"}) == (code, states(steps)), said
    assert (code, steps, said) == again
    assert (len(till.served), 2) == (found["events"], found["partitions"])
    assert learned(till.shop.digests()) == learned(found["digests"])
    assert {0} == {*found["position"].values()}
    assert ["log"] == [one["name"].partition("-")[0] for one in found["kept"]]
    assert (2, True) == (wrong[0], "has 3 partitions, and GOESWITH_PARTITIONS is 2" in wrong[2])


def test_what_nobody_knows_any_more_is_looked_for_before_anything_moves(employ: Employ) -> None:
    """No checkpoint, and a log that has lost its begin; or one of another log."""
    staff = employ()
    send(staff.settings, views(20))
    assert 0 == Operator(staff.settings).types("checkpoint", "save").exit_code
    commit(staff.settings, ends_of(staff))
    empty(staff)
    switch(staff, checkpoint_url=f"kafka:{staff.settings.topic_prefix}.elsewhere")
    lost = repartition(staff, "--partitions", "3", "--to", "another")
    switch(staff, checkpoint_url="kafka:")
    kept = repartition(staff, "--partitions", "3", "--to", "another")
    delete(staff)
    create_topics(staff.settings)
    other = [
        repartition(staff, "--partitions", "3", "--to", "another"),
        repartition(staff, "--partitions", "3", "--apply"),
    ]

    assert (1, "in the way") == (lost[0], lost[1]["known"][0])
    assert "20 offsets have left the log" in lost[1]["known"][1]
    assert (0, "done") == (kept[0], kept[1]["known"][0])
    assert (1, "in the way") == (other[0][0], other[0][1]["known"][0])
    assert [True, True] == ["the topic was made anew" in each[2] for each in other]
    with open_admin(staff.settings) as admin:
        assert {2} == {*partition_counts(admin, staff.settings.topics.declared()).values()}
