"""What is told of a session is what happened to it."""

from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from streams.cli.options import with_some_secret
from streams.contract.dead_letters import REASONS
from streams.contract.events import Event, OrderLine, encode
from streams.contract.published.prompts import ANY_PUBLISHED, Prompt, PromptWithdrawn
from streams.contract.schemas.examples import PROMPT_WITHDRAWN
from streams.contract.settings import Settings
from streams.operations.explanation.advice import ADVICE, told
from streams.operations.explanation.fates import Fate, fate, in_words
from streams.operations.explanation.log.session_log import Place, read_published, read_session
from streams.operations.explanation.retold import disagreeing, retell
from streams.operations.explanation.then.controls_then import ControlsThen
from streams.shop.memory.answer import SilenceReason
from streams.shop.shop import Shop
from tests.operations.explanation.kept_log import OneWorker
from tests.operations.explanation.test_why_not import shop_of
from tests.stories import NOON_MS, OPEN, Story

ITEMS = st.sampled_from(["bread", "butter", "jam", "tea"])
DOES = st.sampled_from(["view", "add", "remove", "order", "check_out", "see", "dismiss", "again"])
Steps = list[tuple[str, str, str, int]]


def steps_after(seconds: st.SearchStrategy[int]) -> st.SearchStrategy[Steps]:
    """What three sessions do, each so many seconds after the one before it."""
    who = st.sampled_from(["ann", "bob", "carl"])
    return st.lists(st.tuples(who, DOES, ITEMS, seconds), max_size=30)


STEPS = steps_after(st.integers(0, 40))
BACK_AND_FORTH = steps_after(st.integers(-20, 40))
POLITE: dict[str, Any] = {
    **OPEN,
    "partitions": 2,
    "holdout_share": 0.2,
    "cool_down_s": 20.0,
    "prompts_per_session_max": 3,
    "dismissals_max": 2,
    "session_gap_s": 300.0,
    "lateness_s": 30.0,
    "together_min": 1,
}


def explained(
    worker: OneWorker,
    session_id: str,
    *,
    events_max: int = 1000,
    controls: ControlsThen | None = None,
) -> list[Fate]:
    """What is told of a session whose events are all answered, by somebody without the secret."""
    keyless = worker.settings.model_copy(update={"receipt_secret": SecretStr("")})
    settings, reader = with_some_secret(keyless), worker.log
    log = read_session(reader, session_id, settings)
    published = read_published(reader, log, session_id, settings)
    latest = log.events[-events_max:]
    retold = retell(Shop(settings), reader, log, published, latest, controls=controls)
    committed: dict[int, int | None] = dict.fromkeys(range(settings.partitions), 1_000_000)
    return [fate(event, published, retold, committed) for event in latest]


def shown(worker: OneWorker, story: Story) -> Prompt | None:
    """The last prompt of a session."""
    at = [at for at in worker.log.partitions if at.topic == worker.settings.topics.prompts]
    records = [record for one in at for record in worker.log.records[one]]
    said = [ANY_PUBLISHED.validate_json(record.value or b"") for record in records]
    prompts = [p for p in said if isinstance(p, Prompt) and p.session_id == story.session_id]
    return prompts[-1] if prompts else None


def live(worker: OneWorker, steps: Steps, *, bobs: int = 1) -> None:
    """Three sessions do all this, one thing after the other; one is on a partition of its own."""
    now_ms = NOON_MS
    last: dict[str, Event] = {}
    for number, (who, does, item, after_s) in enumerate(steps):
        now_ms += after_s * 1000 + number  # no two at the same time
        story = Story(who, start_ms=now_ms)
        more: dict[str, Any] = {"event_id": f"e{number}", "after_s": 0}
        prompt = shown(worker, story)
        if does in ("see", "dismiss"):
            event = getattr(story, does)(prompt, **more) if prompt else None
        elif does == "again":
            event = last.get(who)
        else:
            items = () if does == "check_out" else (item,)
            event = getattr(story, does)(*items, **more)
        if event is not None:
            last[who] = event
            worker.take(bobs if who == "bob" else 0, event)


Silences = dict[Place, SilenceReason]


def told_and_true(worker: OneWorker) -> tuple[Silences, Silences]:
    """The silences that are told of the three sessions, and those that there were."""
    told_of = {
        each.event.place: each.silence.reason
        for who in ("ann", "bob", "carl")
        for each in explained(worker, who)
        if each.silence is not None
    }
    return told_of, {place: silence.reason for place, silence in worker.silences.items()}


@given(STEPS)
def test_the_silences_that_are_told_are_those_of_the_worker(steps: Steps) -> None:
    """Whatever three sessions do: the same reason for the same event, and no event is lost."""
    worker = OneWorker(Settings(**POLITE))
    live(worker, steps)
    told_of, true = told_and_true(worker)

    assert true == told_of


@given(BACK_AND_FORTH)
def test_times_that_go_back_change_no_order_within_a_partition(steps: Steps) -> None:
    """Senders set them, one by one; workers read by offset."""
    worker = OneWorker(Settings(**POLITE))
    live(worker, steps, bobs=0)
    told_of, true = told_and_true(worker)

    assert true == told_of
    for who in ("ann", "bob", "carl"):
        places = [each.event.place for each in explained(worker, who)]
        assert sorted(places) == places


def test_what_a_dismissal_took_back_counts_for_no_cap_in_what_is_told() -> None:
    """Three prompts of a visit, two of them taken back: the pause after the last silences."""
    worker = OneWorker(Settings(**POLITE))
    views = [("ann", "view", item, 20) for item in ("bread", "butter", "bread", "bread")]
    live(worker, [*views, ("ann", "dismiss", "bread", 0), ("ann", "view", "bread", 0)])
    told_of, true = told_and_true(worker)

    assert "cool_down" == true[0, 5]
    assert true == told_of


def test_what_the_catalogue_took_back_counts_for_no_cap_in_what_is_told() -> None:
    """The one prompt of the visit was never seen: nothing fitted, that is why there is none."""
    worker = OneWorker(Settings(**POLITE | {"prompts_per_session_max": 1, "holdout_share": 0.0}))
    for number in range(3):
        past = Story(f"past-{number}")
        for event in (past.add("bread"), past.add("butter"), past.order("bread", "butter")):
            worker.take(0, event)
    story = Story("ann", start_ms=NOON_MS + 60_000)
    worker.take(0, story.view("bread"))
    prompt = shown(worker, story)
    assert prompt is not None
    gone = PromptWithdrawn(
        prompt_id=prompt.prompt_id,
        session_id="ann",
        because="sold_out",
        item_id=prompt.items[0].item_id,
        caused_by="",
        occurred_at_ms=story.now_ms + 1,
    )
    worker.log.append(worker.settings.topics.prompts, 0, b"ann", gone.to_json(), story.now_ms + 1)
    worker.take_back(0, gone)
    worker.take(0, story.add("butter", after_s=30, slots=()))
    worker.take(0, story.add("bread"))
    (first, _, last) = explained(worker, "ann")

    assert "no_candidate" == worker.silences[last.event.place].reason
    assert "no_candidate" == (last.silence and last.silence.reason)
    assert [gone] == [*first.taken_back]
    assert f"taken back of {prompt.prompt_id}: {gone.item_id} is sold_out" in in_words(first)
    assert "sold_out" == first.to_json()["taken_back"][0]["because"]


def test_every_silence_has_its_advice() -> None:
    """Why, and what to do: one sentence each, with every figure in its place."""
    assert set(get_args(SilenceReason)) == ADVICE.keys()
    for reason in get_args(SilenceReason):
        said = told(reason, Story().view("tea"), None, (), Settings())
        assert "{" not in said.why + said.wait


def test_a_late_event_is_told_by_how_much() -> None:
    """And by which of two bounds: who says when it was sent is held to the stricter one."""
    worker, story = OneWorker(Settings(**POLITE)), Story("ann")
    worker.take(0, story.view("tea", after_s=0), delay_s=90_000.0)
    sent: dict[str, Any] = {"schema_version": 2, "sent_at_ms": NOON_MS + 31_000}
    worker.take(0, story.view("tea", after_s=0, **sent), delay_s=90_000.0)
    unsaid, said = (each.silence for each in explained(worker, "ann"))

    assert unsaid is not None
    assert said is not None
    assert "90,000 s after it happened; 86,400 are allowed where no sent_at_ms" in unsaid.why
    assert "31 s after it happened; 30 are allowed" == said.why.removeprefix("the broker got it ")
    assert "look at the sender's queue and clock, and send sent_at_ms" in unsaid.wait
    assert said.wait.endswith("look at the sender's queue")


def test_a_pause_is_told_by_what_was_left_of_it() -> None:
    """Of the last prompt, shown or not."""
    worker, story = OneWorker(Settings(**POLITE)), Story("ann")
    worker.take(0, Story("bob").view("tea"))
    worker.take(0, story.view("jam"))
    worker.take(0, story.view("bread", after_s=13))
    prompted, paused = explained(worker, "ann")

    assert ("prompt", "silence") == (prompted.became, paused.became)
    assert paused.silence is not None
    assert "7.0 s of it were left" in paused.silence.why


def test_dead_letters_are_found_by_key_and_by_what_they_say() -> None:
    """A wrong key hides no event from its session."""
    worker, story = OneWorker(Settings(**POLITE)), Story("ann")
    worker.take(1, story.view("tea"), key=b"somebody")
    worker.take(0, story.add("tea", receipt="bm9uc2Vuc2U="))
    lost, forged = explained(worker, "ann")

    assert ("dead_letter", "wrong_key", "1:0") == (lost.became, lost.reason, lost.letter_id)
    assert ("silence", "receipt_unreadable", "0:0") == (
        forged.became,
        forged.reason,
        forged.letter_id,
    )
    assert "dead-letters show 1:0" in in_words(lost)
    assert "silence, no_candidate" in in_words(forged)
    assert "DEAD LETTER, receipt_unreadable" in in_words(forged)
    next_step = REASONS["receipt_unreadable"].next_step.replace("`", "")
    assert f"  next: {next_step}" in in_words(forged)
    assert "`" not in in_words(lost) + in_words(forged)


def test_what_nobody_has_answered_waits() -> None:
    """By the offset that the group has committed."""
    worker = OneWorker(Settings(**POLITE))
    worker.take(0, Story("ann").view("tea"))
    log = read_session(worker.log, "ann", worker.settings)
    published = read_published(worker.log, log, "ann", worker.settings)
    said = {
        committed: fate(log.events[0], published, {}, {0: committed}).became
        for committed in (None, 0, 1)
    }

    assert {None: "waiting", 0: "waiting", 1: "unknown"} == said


def test_a_record_that_nobody_has_read_waits_whatever_it_holds() -> None:
    """No worker has made a dead letter of it, nor learned from it."""
    worker, story = OneWorker(Settings(**POLITE)), Story("ann")
    at = worker.settings.topics.events, 0, b"ann"
    worker.log.append(*at, b"{", NOON_MS)
    worker.log.append(*at, encode(story.order("tea")), NOON_MS + 5_000)
    log = read_session(worker.log, "ann", worker.settings)
    published = read_published(worker.log, log, "ann", worker.settings)
    found = {
        committed: [fate(event, published, {}, {0: committed}) for event in log.events]
        for committed in (None, 1, 2)
    }

    assert {
        None: ["waiting", "waiting"],
        1: ["dead_letter", "waiting"],
        2: ["dead_letter", "learned"],
    } == {committed: [each.became for each in fates] for committed, fates in found.items()}
    assert "DEAD LETTER" not in in_words(found[None][0])
    assert found[None][0].to_json()["dead_letter"] is None


def test_a_dead_letter_that_is_there_is_told_before_its_offset_is_committed() -> None:
    """Workers deliver first, and acknowledge later."""
    worker = OneWorker(Settings(**POLITE))
    worker.take(0, Story("ann").view("tea"), key=b"somebody")
    log = read_session(worker.log, "ann", worker.settings)
    published = read_published(worker.log, log, "ann", worker.settings)

    assert "dead_letter" == fate(log.events[0], published, {}, {}).became


def test_checkout_ends_by_a_pause_too() -> None:
    """The advice says so, and it is so."""
    worker, story = OneWorker(Settings(**POLITE)), Story("ann")
    for event in (story.check_out(), story.view("tea"), story.view("jam", after_s=301)):
        worker.take(0, event)
    _, paying, again = explained(worker, "ann")

    assert paying.silence is not None
    assert ("checkout", True) == (paying.silence.reason, "300 s without" in paying.silence.wait)
    assert again.silence is None or "checkout" != again.silence.reason


@pytest.mark.parametrize("time_ms", [NOON_MS * 1000, 2**63 - 1])
def test_a_time_that_no_calendar_has_is_a_number(time_ms: int) -> None:
    """Microseconds, as a sender may set them."""
    worker = OneWorker(Settings(**POLITE))
    at = worker.settings.topics.events, 0, b"ann"
    worker.log.append(*at, encode(Story("ann").view("tea")), time_ms)
    (told_of,) = explained(worker, "ann")

    assert in_words(told_of).startswith(f"{time_ms} ann-1 item_viewed tea")


@given(STEPS, st.integers(1, 12))
def test_the_latest_events_are_told_as_if_all_were(steps: Steps, events_max: int) -> None:
    """What came before them decides about them, though nobody asks for it."""
    worker = OneWorker(Settings(**POLITE))
    live(worker, steps)

    assert explained(worker, "ann")[-events_max:] == explained(worker, "ann", events_max=events_max)


def test_prompts_that_are_not_printed_count_for_the_cap() -> None:
    """They are published, and not shown yet."""
    worker, story = OneWorker(Settings(**POLITE | {"prompts_per_session_max": 1})), Story("ann")
    worker.take(0, Story("bob").view("tea"))
    for item in ("jam", "rice", "salt"):
        worker.take(0, story.view(item))
    _, capped = explained(worker, "ann", events_max=2)

    assert capped.silence is not None
    assert "session_cap" == capped.silence.reason


@pytest.mark.parametrize(
    ("after_s", "places"),
    [
        ((1, 1, 1), [(0, 0), (1, 0), (0, 1)]),
        ((9, 1, -5), [(0, 0), (0, 1), (1, 0)]),  # the last one's time is before the first one's
    ],
)
def test_a_session_on_two_partitions_is_told_in_the_order_of_its_times(
    after_s: tuple[int, ...], places: list[Place]
) -> None:
    """It is torn apart, which is said, and still one story; each partition keeps its order."""
    worker, story = OneWorker(Settings(**POLITE)), Story("ann")
    for number, pause_s in zip((0, 1, 0), after_s, strict=True):
        worker.take(number, story.view("tea", after_s=pause_s))
    log = read_session(worker.log, "ann", worker.settings)

    assert places == [event.place for event in log.events]
    assert {0, 1} == log.partitions


def test_an_event_of_another_session_is_not_told() -> None:
    """Though its fields name this one."""
    worker = OneWorker(Settings(**POLITE))
    worker.take(0, Story("bob").view("ann"))

    assert [] == explained(worker, "ann")


def test_words_are_safe_for_a_terminal() -> None:
    """Ids come from senders."""
    worker = OneWorker(Settings(**POLITE))
    worker.take(0, Story("ann").view("\x1b[2Jtea"))

    assert "\x1b" not in "\n".join(map(in_words, explained(worker, "ann")))


def test_what_came_a_moment_later_on_another_partition_was_not_known_yet() -> None:
    """Within the same second, too: nothing was there to be offered."""
    worker = OneWorker(Settings(**POLITE))
    worker.take(0, Story("ann", start_ms=NOON_MS).view("tea", after_s=0))
    worker.take(1, Story("bob", start_ms=NOON_MS + 300).view("jam", after_s=0))
    (asked,) = explained(worker, "ann")

    assert asked.silence is not None
    assert "no_candidate" == asked.silence.reason


def one_prompt_allowed() -> tuple[OneWorker, Story, Prompt]:
    """A worker by which a visit has one prompt at most, a visit, and what it was shown."""
    worker, story = OneWorker(Settings(**POLITE | {"prompts_per_session_max": 1})), Story("ann")
    worker.take(0, Story("bob").view("tea"))
    worker.take(0, Story("bob", start_ms=NOON_MS + 500).view("milk", event_id="more"))
    worker.take(0, story.view("jam"))
    first = shown(worker, story)
    assert first is not None
    return worker, story, first


def test_a_prompt_that_was_withdrawn_counts_no_more() -> None:
    """Neither for the cap nor for the pause."""
    worker, story, first = one_prompt_allowed()
    for event in (story.add(first.items[0].item_id), story.view("rice"), story.view("salt")):
        worker.take(0, event)
    asked, added, again, capped = explained(worker, "ann")

    assert ["prompt", "silence", "prompt", "silence"] == [
        each.became for each in (asked, added, again, capped)
    ]
    assert capped.silence is not None
    assert "the visit had 1 prompt, shown" in capped.silence.why


def test_a_prompt_that_nobody_withdrew_counts_on_whatever_it_would_be_now() -> None:
    """A worker that was behind said nothing of it, and was silent for its sake."""
    worker, story, first = one_prompt_allowed()
    told = [at for at in worker.log.partitions if at.topic == worker.settings.topics.prompts]
    before = {at: len(worker.log.records[at]) for at in told}
    for event in (story.add(first.items[0].item_id), story.view("rice")):
        worker.take(0, event)
    for at, many in before.items():
        del worker.log.records[at][many:]
    *_, again = explained(worker, "ann")

    assert again.silence is not None
    assert "the visit had 1 prompt" in again.silence.why


def test_settings_other_than_the_workers_are_seen_by_what_they_deny() -> None:
    """Where workers prompted and the settings at hand are silent."""
    worker, story = OneWorker(Settings(**POLITE | {"cool_down_s": 0.0})), Story("ann")
    worker.take(0, Story("bob").view("tea"))
    for item in ("jam", "rice", "salt", "tea"):
        worker.take(0, story.view(item))
    found = {}
    for pause_s in (0.0, 20.0):
        settings = Settings(**POLITE | {"cool_down_s": pause_s})
        log = read_session(worker.log, "ann", settings)
        published = read_published(worker.log, log, "ann", settings)
        retold = retell(Shop(settings), worker.log, log, published, log.events)
        found[pause_s] = disagreeing(published, retold)

    assert "session_cap" == worker.silences[0, 4].reason
    assert {0.0: set(), 20.0: {"cool_down"}} == found


def test_feedback_that_credits_nothing_is_not_called_learned_from() -> None:
    """A repeated impression, an order without a prompt: a storefront asks what came of it."""
    worker, story = OneWorker(Settings(**POLITE)), Story("ann")
    worker.take(0, Story("bob").view("tea"))
    worker.take(0, story.view("jam"))
    prompt = shown(worker, story)
    assert prompt is not None
    for event in (story.see(prompt), story.see(prompt), story.order("milk"), story.check_out()):
        worker.take(0, event)
    _, seen, again, ordered, paying = map(in_words, explained(worker, "ann"))

    assert "shown of prompt" in seen
    assert "it brought no prompt to a stage: a repeat" in again
    assert "ordered: order o-ann-1 of 1 piece, counts for its unit" in ordered
    assert "learned from; it asks for no prompt" in paying


def test_a_prompt_is_told_with_its_reason_and_what_was_counted() -> None:
    """As the shopper read it, and as the drawer of the demo's shop has it."""
    worker, story = shop_of(), Story()
    worker.take(0, story.view("bread"))
    (found,) = explained(worker, "s1")
    (prompt,) = found.prompts
    said = in_words(found)

    assert prompt.reason.text in said
    for item in prompt.items:
        counted = item.evidence
        beside = f" with {counted.anchor}" if counted.anchor else ""
        assert f"{item.item_id} {counted.together:,} of {counted.of:,}{beside}" in said
    assert all(item.evidence.of for item in prompt.items)


def test_each_item_is_told_with_the_item_that_it_was_counted_with() -> None:
    """Which need not be the one that the sentence names."""
    worker, story = shop_of(), Story()
    worker.take(0, story.view("bread"))
    (found,) = explained(worker, "s1")
    (prompt,) = found.prompts
    first = prompt.items[0]
    evidence = first.evidence.model_copy(update={"together": 21, "of": 85, "anchor": "tea"})
    nameless = first.evidence.model_copy(update={"together": 18, "of": 63, "anchor": ""})
    items = (
        first.model_copy(update={"item_id": "jam", "evidence": nameless}),
        first.model_copy(update={"item_id": "milk", "evidence": evidence}),
    )
    said = in_words(replace(found, prompts=(prompt.model_copy(update={"items": items}),)))

    assert "jam 18 of 63, milk 21 of 85 with tea" in said, "popular items go with nothing"


@pytest.mark.parametrize(
    ("because", "told"),
    [
        ("arm_stopped", "its arm was stopped"),
        ("offer_ended", "its offer ended"),
        ("something_new", "something_new by now"),
    ],
)
def test_what_was_taken_back_as_a_whole_names_no_item(because: str, told: str) -> None:
    """It was its arm, or what it promised; a later release may know more reasons."""
    worker, story = OneWorker(Settings(**POLITE)), Story("ann")
    worker.take(0, story.add("bread"))
    (first,) = explained(worker, "ann")
    gone = PROMPT_WITHDRAWN.model_copy(update={"because": because, "item_id": None})

    said = in_words(replace(first, taken_back=(gone,)))
    assert f"taken back of {gone.prompt_id}: {told}" in said


def test_orders_and_what_comes_back_are_told() -> None:
    """What counted, what its session did not know, a repeat, and an order that is nobody's."""
    worker, ann, page = OneWorker(Settings(**POLITE)), Story("ann"), Story("page")
    goods = {"lines": (OrderLine(item_id="milk", quantity=2, price_minor=150),), "currency": "EUR"}
    told: list[Event] = [
        ann.view("jam"),
        ann.cancel(order_id="o-2"),
        ann.order(order_id="o-1", **goods),
        ann.order(order_id="o-1", **goods),
        ann.send_back(order_id="o-1", lines=(OrderLine(item_id="milk"),)),
        ann.cancel(order_id="o-1"),
    ]
    for event in (*told, told[-1], page.order("milk"), page.order("tea", visitor_id="v")):
        worker.take(0, event)
    asked, early, counted, again, back, off, repeat = map(in_words, explained(worker, "ann"))
    nobodys, visitors = explained(worker, "page")

    assert "assigned to experiment holdout-" in asked
    assert "unmatched: all of order o-2; who knows the order takes it off" in early
    assert "ordered: order o-1 of 2 pieces, 300 minor units of EUR, counts for its unit" in counted
    assert "unless its order_id was before" in again
    assert "returned: 1 piece of order o-1" in back
    assert "returned: all of order o-1" in off
    assert "a repeat: this session had sent an event of this event_id before" in repeat
    assert "it is of no unit" in in_words(nobodys)
    assert "counts if its visitor had been assigned by then, elsewhere" in in_words(visitors)
    assert [] == nobodys.to_json()["of_units"]
    assert ["ordered"] == [one["type"] for one in visitors.to_json()["of_units"]]


@pytest.mark.parametrize(
    ("share", "delay_s", "why"),
    [(0.0, 0.0, "no experiment ran"), (0.2, 200_000.0, "its session had not asked, or too late")],
)
def test_an_order_of_a_session_that_has_asked_may_be_of_no_unit(
    share: float, delay_s: float, why: str
) -> None:
    """Where nobody is assigned, or where it asked too late to be."""
    worker, story = OneWorker(Settings(**POLITE | {"holdout_share": share})), Story("ann")
    for event in (story.view("jam"), story.order("milk")):
        worker.take(0, event, delay_s=delay_s)
    _, order = explained(worker, "ann")

    assert () == order.of_units
    assert why in in_words(order)


def test_what_was_taken_for_a_repeat_is_not_said_to_be_one() -> None:
    """Nor that it was learned from: its session had forgotten, and its id was never there."""
    worker, story = OneWorker(Settings(**POLITE)), Story("ann")
    late: list[Event] = [story.view("jam"), story.add("tea"), story.remove("tea")]
    late.append(story.check_out())
    told_late: list[Event] = [story.order("milk"), story.forget("bob")]
    sent: list[Event] = [story.view("bread") for _ in range(130)]
    for event in (*sent, *late, *told_late, late[2], sent[0]):
        worker.take(0, event, delay_s=200.0)
    *_, view, add, remove, paying, order, forgotten, again, known = map(
        in_words, explained(worker, "ann", events_max=8)
    )

    for said in (view, add, remove, paying):
        assert "taken for a repeat: too late" in said
        assert "of this event_id before" not in said
        assert "learned from" not in said
    assert "ordered: order o-ann-1 of 1 piece, counts for its unit" in order
    assert "learned from" in forgotten
    assert "of this event_id before" in again
    assert "of this event_id before" in known


def test_of_a_denial_that_is_taken_for_a_repeat_it_is_said_that_it_counts() -> None:
    """Whether it asks for a prompt or not: nobody is to think that it was lost."""
    worker, story = OneWorker(Settings(**POLITE)), Story("ann")
    looked, removed = story.view("jam"), story.remove("tea")
    denied = [one.model_copy(update={"consent": False}) for one in (looked, removed)]
    sent: list[Event] = [story.view("bread") for _ in range(130)]
    for event in (*sent, story.add("tea"), *denied):
        worker.take(0, event, delay_s=200.0)
    *_, before, view, remove = map(in_words, explained(worker, "ann", events_max=3))

    for said in (view, remove):
        assert "taken for a repeat: too late" in said
        assert "its denial counts" in said
    assert "its denial counts" not in before
