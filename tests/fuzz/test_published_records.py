"""Whatever stands in the topics of prompts, outcomes and dead letters, every look at them ends."""

import io
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from streams.cli.options import with_some_secret
from streams.clients.log_reader import Partition, RawRecord
from streams.contract.dead_letters import NAME_AS_SENT, NAMES, REPLAYS, VALUE_BYTES, replay_headers
from streams.contract.errors import GoeswithError
from streams.contract.schemas.examples import EXAMPLES, OUTCOME, SHOWN, UNIT_OUTCOMES
from streams.contract.settings import Settings
from streams.contract.wire.header_names import header_name
from streams.experiments.arm_estimates import ArmEstimates
from streams.experiments.arms import BoardReader
from streams.experiments.impressions import Trials
from streams.experiments.off_policy import evaluated_policy, trials_of_log
from streams.experiments.off_policy_tables import as_values as off_policy_values
from streams.experiments.off_policy_tables import why_nothing
from streams.experiments.target_policy import TargetPolicy, example_policy
from streams.experiments.uplift.command import findings, read_on
from streams.experiments.uplift.tables import as_values, report
from streams.operations.dead_letters.letters import opened
from streams.operations.dead_letters.marks import mark
from streams.operations.dead_letters.partitioners import murmur2
from streams.operations.dead_letters.replay_plan import ReplayRules
from streams.operations.dead_letters.tables import as_text, in_words, letters_table
from streams.operations.explanation.fates import fate
from streams.operations.explanation.fates import in_words as fate_in_words
from streams.operations.explanation.log.session_log import read_published, read_session
from streams.operations.explanation.retold import retell
from streams.shop.shop import Shop
from streams.storefront.published.prompt_lines import json_line, line
from streams.storefront.published.subscribe import prompts_from, published
from streams.views.arm_board import ArmBoard
from tests.fuzz.hostile_json import broken, nearly, tried
from tests.operations.explanation.kept_log import KeptLog, OneWorker
from tests.stories import NOON_MS, OPEN, Story

SETTINGS = Settings(**OPEN, partitions=1)
DAY_MS = 86_400_000
OUTCOMES = [json.loads(one.model_dump_json()) for one in (OUTCOME, SHOWN, *UNIT_OUTCOMES)]
PUBLISHED = [
    json.loads(one.model_dump_json()) for name, one in EXAMPLES.items() if "prompt" in name
]
UP_TO = st.lists(nearly(*OUTCOMES), min_size=1, max_size=6)


def shown(found: RenderableType) -> None:
    """On a terminal of 80 columns."""
    Console(file=io.StringIO(), width=80).print(found)


def log_of(topic: str, values: list[bytes], timestamp_ms: int = NOON_MS) -> KeptLog:
    """A log whose one topic holds these, behind what is sound."""
    log = KeptLog(SETTINGS)
    log.partitions = [Partition(topic, 0)]
    log.records = {log.partitions[0]: []}
    log.unread = list  # type: ignore[method-assign,assignment]
    for value in values:
        log.append(topic, 0, b"session-7", value, timestamp_ms)
    return log


def outcomes_of(values: list[bytes]) -> KeptLog:
    """The outcomes topic, with some that are sound before and after."""
    more = [SHOWN.model_copy(update={"prompt_id": f"prompt-{number}"}) for number in range(4)]
    sound = [one.to_json() for one in (SHOWN, OUTCOME, *more, *UNIT_OUTCOMES)]
    return log_of(SETTINGS.topics.outcomes, [*sound, *values, *sound])


@tried
@given(UP_TO)
def test_arms_are_told_whatever_the_outcomes_say(values: list[bytes]) -> None:
    """As a table, and as JSON that every reader of JSON can read."""
    board = BoardReader(SETTINGS, outcomes_of(values), None, settle_s=0)

    board.catch_up()

    shown(board.table())
    json.dumps(board.json(), allow_nan=False)


@tried
@given(UP_TO)
def test_policies_are_judged_whatever_the_outcomes_say(values: list[bytes]) -> None:
    """Or it is said why they cannot be."""
    trials = Trials(settle_ms=0)

    found = trials_of_log(outcomes_of(values), trials)

    why_nothing(trials, of_files=False)
    target = TargetPolicy({"bought_together": 1.0})
    if found:
        assert example_policy(found, "goeswith off-policy")
    try:
        judged = evaluated_policy(found, target, effective_min=2)
    except (GoeswithError, ValueError):
        return
    json.dumps(off_policy_values(judged, trials), allow_nan=False)


@tried
@given(UP_TO, st.sampled_from([None, "segment", "context"]))
def test_uplift_is_told_whatever_the_outcomes_say(values: list[bytes], by: Any) -> None:
    """As a table, as JSON, and as what is kept."""
    looked = read_on(outcomes_of(values), None)

    found = findings(SETTINGS, looked)._replace(by=by)

    shown(report(found))
    json.dumps(as_values(found), allow_nan=False)
    json.dumps(looked.kept.units.state(), allow_nan=False)


@tried
@given(UP_TO)
def test_the_board_of_a_demo_counts_whatever_the_outcomes_say(values: list[bytes]) -> None:
    """It reads the topics as anybody does."""
    board, estimates = ArmBoard(), ArmEstimates(SETTINGS.arm_floor)
    trials = Trials(settle_ms=0)
    trials_of_log(outcomes_of(values), trials)
    estimates.add(trials.settled())

    json.dumps([row._asdict() for row in board.rows()], allow_nan=False)


class OnePoll(KeptLog):
    """A topic that is read once, and then is interrupted."""

    polls = 0

    def poll(self, timeout_s: float, records_max: int = 0) -> list[RawRecord]:
        """All records, the first time."""
        self.polls += 1
        if self.polls > 1:
            raise KeyboardInterrupt
        return self.records[self.partitions[0]]


@tried
@given(st.lists(nearly(*PUBLISHED), min_size=1, max_size=6))
def test_a_subscriber_prints_whatever_the_prompts_say(values: list[bytes]) -> None:
    """A line for people and one for programs, without anything that a terminal obeys."""
    log = log_of(SETTINGS.topics.prompts, values)
    log.__class__ = OnePoll
    with suppress(KeyboardInterrupt):
        for said in prompts_from(log, None):
            assert line(said).isprintable()
            assert json.loads(json_line(said))
    assert log.polls == 2  # type: ignore[attr-defined]


@tried
@given(st.data())
def test_a_session_is_explained_whatever_stands_around_it(data: st.DataObject) -> None:
    """In events, prompts, outcomes and dead letters under its key."""
    worker, story = OneWorker(SETTINGS), Story("session-7")
    for event in (story.view("bread"), story.add("bread"), story.view("butter")):
        worker.take(0, event)
    topics, log = SETTINGS.topics, worker.log
    events = [json.loads(one.model_dump_json()) for one in EXAMPLES.values()]
    for topic in (topics.events, topics.prompts, topics.outcomes):
        for value in data.draw(st.lists(nearly(*events), max_size=3)):
            log.append(topic, 0, b"session-7", value, NOON_MS + data.draw(TIMES))
    for headers in data.draw(st.lists(HEADERS, max_size=2)):
        log.append(topics.dead_letters, 0, b"session-7", b"", NOON_MS, headers)

    settings = with_some_secret(SETTINGS)
    session = read_session(log, "session-7", settings)
    found = read_published(log, session, "session-7", settings)
    retold = retell(Shop(settings), log, session, found, session.events)
    for each in session.events:
        told = fate(each, found, retold, {0: 2})
        assert fate_in_words(told)
        json.dumps(told.to_json(), allow_nan=False)


TIMES = st.sampled_from([-NOON_MS - 1, -DAY_MS, 0, 1, DAY_MS, 2**62])
NAMES_OF_HEADERS = st.sampled_from([*NAMES, REPLAYS, NAME_AS_SENT, VALUE_BYTES, "x", ""])
VALUES_OF_HEADERS = (
    st.none()
    | st.binary(max_size=8)
    | st.sampled_from(
        [b"0", b"-1", b"1", b"9" * 19, b"9" * 400, b"9" * 5000, b"\xff", b"1_0", b" 1"]
    )
    | st.sampled_from([SETTINGS.topics.events.encode(), "٣".encode()])
)
OURS = st.tuples(*(st.tuples(st.just(name), VALUES_OF_HEADERS) for name in NAMES))
HEADERS = st.builds(
    lambda before, ours, after: [*before, *ours, *after],
    st.lists(st.tuples(NAMES_OF_HEADERS | st.binary().map(header_name), VALUES_OF_HEADERS)),
    OURS,
    st.lists(st.tuples(st.just(VALUE_BYTES), VALUES_OF_HEADERS), max_size=1),
)
SAYS = {"__connect.errors.topic": SETTINGS.topics.events.encode(), NAMES[1]: b"-1"}
FORGED = [(name, SAYS.get(name, b"0")) for name in NAMES]


@tried
@example(FORGED, b"{}", None, 0)
@given(HEADERS, st.none() | nearly(*OUTCOMES), st.none() | st.binary(max_size=9), TIMES)
def test_a_dead_letter_is_listed_shown_and_planned_whatever_its_headers_say(
    headers: Any, value: bytes | None, key: bytes | None, at_ms: int
) -> None:
    """And goes back to a partition that there is, or stays with a reason."""
    at = Partition(SETTINGS.topics.dead_letters, 0)
    record = RawRecord(at, 7, NOON_MS + at_ms, key, value, headers)
    letter = opened(record)

    shown(letters_table([letter], {letter.id: NOON_MS + at_ms}, NOON_MS))
    assert "\n".join(in_words(letter, NOON_MS + at_ms)).replace("\n", "").isprintable()
    json.dumps([as_text(letter), letter.to_json()], allow_nan=False)
    mark(record)
    for key_from in (None, "session_id"):
        rules = ReplayRules(SETTINGS, 1, key_from, anyway=True, partitioner=murmur2)
        if not rules.because_not(letter, NOON_MS):
            assert letter.cause is not None
            assert 0 <= rules.partition(letter) < 1
            replay_headers(letter.cause, letter.id)


@tried
@given(nearly(*PUBLISHED).flatmap(broken))
def test_a_record_of_another_session_is_passed_over(value: bytes) -> None:
    """Unread."""
    record = RawRecord(Partition("prompts", 0), 0, NOON_MS, b"session-8", value, [])

    assert published(record, "session-7") is None


@pytest.mark.parametrize(
    "more",
    [
        {"occurred_at_ms": 10**18},
        {"occurred_at_ms": 10**400},
        {"occurred_at_ms": -1},
        {"prompted_at_ms": 10**18},
        {"reward": float("nan")},
        {"quantity": 10**400},
        {"occurred_at_ms": NOON_MS + DAY_MS + 1},
    ],
)
def test_what_cannot_be_is_counted_and_settles_nothing(more: dict[str, Any]) -> None:
    """A prompt that waits goes on waiting: nobody's clock has gone on by years."""
    waiting = SHOWN.model_copy(update={"occurred_at_ms": NOON_MS})
    said = json.dumps({**json.loads(OUTCOME.model_dump_json()), **more})
    log = log_of(SETTINGS.topics.outcomes, [waiting.to_json(), said.encode()])
    board = BoardReader(SETTINGS, log, None, settle_s=DAY_MS / 2000)

    board.catch_up()

    assert (1, 1) == (board.trials.unreadable, board.trials.pending)
    assert 1 == read_on(log, None).unreadable
    assert [] == trials_of_log(log, trials := Trials(settle_ms=DAY_MS / 2))
    assert 1 == trials.unreadable


def test_an_order_of_nothing_is_added_up() -> None:
    """What is left of none of them is what was said of them."""
    assigned, ordered, _, _ = UNIT_OUTCOMES
    said = json.loads(ordered.model_dump_json())
    said["lines"][0]["quantity"] = 0
    log = log_of(SETTINGS.topics.outcomes, [assigned.to_json(), json.dumps(said).encode()])

    assert as_values(findings(SETTINGS, read_on(log, None)))
