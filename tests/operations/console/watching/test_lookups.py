"""Look-ups: one at a time, bounded, and what went wrong is told."""

from collections.abc import Callable
from threading import Event

import pytest

from streams.contract.errors import NotEnough
from streams.operations.console.watching.lookups.known import LEFT_S
from streams.operations.console.watching.lookups.lookup import (
    ANSWER_S,
    CANCELLED,
    FULL,
    TROUBLE_S,
    UNBEGUN,
    WAITING_EACH,
    WAITING_MAX,
    YOURS_WAITS,
    Lookup,
)
from streams.operations.console.watching.lookups.lookups import (
    ENDED_MAX,
    KEPT,
    LOOKUP_S_MAX,
    RECORDS_MAX,
    Lookups,
    SoFar,
)
from streams.operations.console.watching.lookups.questions import (
    Answer,
    Question,
    StoryAsked,
    WhyAsked,
    WhyNotAsked,
)
from streams.operations.console.watching.lookups.telling import SESSION_EVENTS_MAX
from streams.operations.explanation.log.progress import Progress
from streams.operations.explanation.story import Story, check_length

KNOWN = StoryAsked("known")


def tell(question: Question, progress: Progress, _so_far: SoFar) -> Story:
    """A story of nothing, of a log as long as the session's name says."""
    assert isinstance(question, StoryAsked)
    records = RECORDS_MAX + 1 if question.session_id == "long" else 10
    with progress("folding", records) as advance:
        advance(5)
    if question.session_id == "broken":
        raise ZeroDivisionError
    if question.session_id == "unknown":
        raise NotEnough("no event of session 'unknown'")
    return Story(question.session_id, (), (), 0, ())


def told(lookups: Lookups, session_id: str) -> Lookup:
    """What is known once it has been looked up."""
    lookups.ask(StoryAsked(session_id))
    lookups.look()
    return lookups.ask(StoryAsked(session_id))


def notes(answer: Answer | None) -> tuple[str, ...]:
    """Of a story that is there."""
    assert isinstance(answer, Story)
    return tuple(answer.notes)


@pytest.mark.parametrize(
    ("session_id", "trouble"),
    [
        ("known", ""),
        ("unknown", "no event of"),
        ("broken", "its log"),
        ("long", "in a terminal goeswith explain long tells it"),
    ],
)
def test_what_became_of_a_look_up_is_told(session_id: str, trouble: str) -> None:
    """A story, or why there is none."""
    found = told(Lookups(tell), session_id)

    assert (not trouble) == (found.answer is not None)
    assert trouble in found.trouble


def test_a_log_whose_length_nobody_knows_is_read_no_further_than_a_page_may() -> None:
    """A catalogue has no offsets to tell it by."""

    def endless(_question: Question, progress: Progress, _so_far: SoFar) -> Story:
        with progress("reading the catalogue", 0) as advance:
            advance(RECORDS_MAX)
            assert 0.0 == lookups.ask(KNOWN).share
            advance(1)
        raise AssertionError

    lookups = Lookups(endless)
    assert "too many to be read for a page" in told(lookups, "known").trouble


def test_who_asks_for_too_many_is_told_to_wait() -> None:
    """One session asked for twice waits once; each is told how many have their turn first."""
    lookups = Lookups(tell)
    for _ in range(3):
        for number in range(WAITING_MAX):
            found = lookups.ask(StoryAsked(f"session-{number}"))
            assert (bool(found.doing), number) == (True, found.ahead)

    assert "try again" in lookups.ask(StoryAsked("another")).trouble


def test_what_is_being_looked_up_has_its_turn_before_those_that_wait() -> None:
    """And nothing has before it."""
    ahead: list[int] = []

    def look(question: Question, progress: Progress, so_far: SoFar) -> Story:
        if question == KNOWN:
            ahead.append(lookups.ask(StoryAsked("next")).ahead)
            ahead.append(lookups.ask(KNOWN).ahead)
        return tell(question, progress, so_far)

    lookups = Lookups(look)
    assert told(lookups, "known").answer is not None
    assert [1, 0] == ahead


def test_kinds_of_questions_are_told_apart_though_they_name_the_same() -> None:
    """A session and a prompt may have one name; a slot is another question."""
    same: tuple[Question, ...] = (StoryAsked("a"), WhyAsked("a"), WhyAsked("a", "a"))
    items = WhyNotAsked("a", "a"), WhyNotAsked("a", "a", "basket")

    assert 5 == len({*same, *items})


def test_the_latest_few_are_kept() -> None:
    """Whatever is asked for in a day."""
    lookups = Lookups(tell)
    for number in range(3 * KEPT):
        told(lookups, f"session-{number}")

    assert len(lookups._known) <= KEPT
    assert not any(one.asked_s for one in lookups._known.values())
    assert lookups.ask(StoryAsked(f"session-{3 * KEPT - 1}")).answer is not None


def test_a_thread_looks_up_what_is_asked_for() -> None:
    """Until it is stopped."""
    lookups = Lookups(tell)
    lookups.start()
    lookups.ask(KNOWN)
    thread = lookups._thread
    assert thread is not None
    while lookups.ask(KNOWN).doing:
        thread.join(0.01)
    lookups.stop()
    thread.join(30)

    assert not thread.is_alive()


def test_what_is_known_already_is_told_while_silences_are_looked_for() -> None:
    """And stays when that takes too long; who asks sees how far it is."""
    seen: list[Lookup] = []

    def slow(question: Question, progress: Progress, so_far: SoFar) -> Story:
        so_far(Story("s", (0,), (), 0, ("early",), whole=False))
        seen.append(lookups.ask(question))
        with progress("folding", 1_000) as advance:
            advance(500)
            seen.append(lookups.ask(question))
        if question != KNOWN:
            raise NotEnough("it takes too long")
        return Story("s", (0,), (), 0, ("late",))

    lookups = Lookups(slow)
    done, given_up = told(lookups, "known"), told(lookups, "endless")

    for lookup in seen:
        assert lookup.doing
        assert ("early",) == notes(lookup.answer)
    assert 0.5 == seen[1].share
    assert ("late",) == notes(done.answer)
    assert "too long" in given_up.trouble
    assert ("early",) == notes(given_up.answer)


def test_a_look_up_that_takes_too_long_makes_way_for_others() -> None:
    """However little of the log each of a session's events takes."""
    now_s, done = [0.0], []

    def endless(_question: Question, progress: Progress, _so_far: SoFar) -> Story:
        with progress("folding", 100_000) as advance:
            for number in range(100_000):
                now_s[0] += 1.0
                advance(1)
                done.append(number)
        return Story("s", (), (), 0, ())

    found = told(Lookups(endless, steady_s=lambda: now_s[0]), "endless")
    assert "longer than 120 s" in found.trouble
    assert len(done) == LOOKUP_S_MAX


def interrupted(lookups: Lookups, by: Callable[[], object]) -> tuple[list[int], Lookup]:
    """How far the story of `known` is read that something comes between, and what is known of it.

    `by` is done once half of it is read.
    """
    read: list[int] = []

    def long(question: Question, progress: Progress, so_far: SoFar) -> Story:
        if question != KNOWN:
            return tell(question, progress, so_far)
        so_far(Story("known", (), (), 0, ("early",), whole=False))
        with progress("folding", 10) as advance:
            for number in range(10):
                if number == 5:
                    by()
                advance(1)
                read.append(number)
        return Story("known", (), (), 0, ("late",))

    lookups._tell = long
    return read, told(lookups, "known")


def test_what_is_cancelled_is_read_no_further_and_says_so() -> None:
    """What was known by then stays; asked again it begins anew."""
    lookups = Lookups(tell)
    read, found = interrupted(lookups, lambda: lookups.cancel(KNOWN))

    assert [0, 1, 2, 3, 4] == read
    assert (CANCELLED, "") == (found.trouble, found.doing)
    assert ("early",) == notes(found.answer)
    assert lookups.ask(KNOWN, again=True).doing


def test_what_waits_can_be_cancelled_too() -> None:
    """It has no turn, and those behind it come sooner; what is done stays as it is."""
    lookups = Lookups(tell)
    first, second = StoryAsked("a"), StoryAsked("b")
    lookups.ask(first)
    assert 1 == lookups.ask(second).ahead
    lookups.cancel(first)
    assert 0 == lookups.ask(second).ahead
    lookups.look()
    lookups.cancel(second)

    assert CANCELLED == lookups.ask(first).trouble
    assert lookups.ask(second).answer is not None


def test_what_was_cancelled_and_asked_for_again_at_once_is_read_from_the_start() -> None:
    """What the first look-up still finds is not taken for the second one's answer."""

    def impatient() -> None:
        lookups.cancel(KNOWN)
        lookups.ask(KNOWN, again=True)

    lookups = Lookups(tell)
    read, found = interrupted(lookups, impatient)
    assert 5 == len(read)
    assert "waiting for its turn" == found.doing
    lookups._tell = tell
    lookups.look()
    assert notes(lookups.ask(KNOWN).answer) == ()


def test_what_nobody_looks_at_any_more_makes_way_for_those_that_wait() -> None:
    """A page that was closed keeps nobody waiting; whoever comes back asks anew."""
    now_s = [0.0]
    lookups = Lookups(tell, steady_s=lambda: now_s[0])

    def somebody_else_asks() -> None:
        now_s[0] += LEFT_S + 1
        lookups.ask(StoryAsked("other"))

    read, found = interrupted(lookups, somebody_else_asks)
    assert 5 == len(read)
    assert ("waiting for its turn", 1) == (found.doing, found.ahead)
    lookups.look()
    assert lookups.ask(StoryAsked("other")).answer is not None


def test_who_is_alone_may_close_the_page_and_come_back() -> None:
    """Where nobody waits a look-up goes on."""
    now_s = [0.0]
    lookups = Lookups(tell, steady_s=lambda: now_s[0])

    def all_leave() -> None:
        now_s[0] += LEFT_S + 1

    read, found = interrupted(lookups, all_leave)
    assert 10 == len(read)
    assert ("late",) == notes(found.answer)


def test_pages_that_were_closed_while_they_waited_have_no_turn() -> None:
    """A full queue of them is no queue."""
    now_s = [0.0]
    lookups = Lookups(tell, steady_s=lambda: now_s[0])
    for number in range(WAITING_MAX):
        lookups.ask(StoryAsked(f"session-{number}"))
    now_s[0] += LEFT_S
    lookups.ask(StoryAsked("session-2"))
    now_s[0] += 1

    assert 1 == lookups.ask(KNOWN).ahead
    lookups.look()
    assert lookups.ask(StoryAsked("session-2")).answer is not None
    assert 0 == lookups.ask(KNOWN).ahead


def test_a_session_of_very_many_events_is_told_by_the_command_alone() -> None:
    """Each of them is a fold by itself."""
    check_length("goeswith explain script", SESSION_EVENTS_MAX, SESSION_EVENTS_MAX)
    check_length("goeswith explain script", None, 100_000)
    with pytest.raises(
        NotEnough, match=r"more than 2,000 events, .*terminal goeswith explain script"
    ):
        check_length("goeswith explain script", SESSION_EVENTS_MAX, SESSION_EVENTS_MAX + 1)


def test_each_visitor_has_two_questions_that_wait_at_most() -> None:
    """However many they ask, there is room for others; a turn that was had or cancelled is over."""
    lookups = Lookups(tell)
    own = StoryAsked("b")
    for number in range(WAITING_EACH):
        assert number == lookups.ask(StoryAsked(f"a-{number}"), visitor="a").ahead
    for number in range(WAITING_EACH, 2 * WAITING_MAX):
        assert YOURS_WAITS == lookups.ask(StoryAsked(f"a-{number}"), visitor="a").trouble
    assert WAITING_EACH == lookups.ask(own, visitor="b").ahead
    lookups.look()
    assert WAITING_EACH == lookups.ask(StoryAsked("a-8"), visitor="a").ahead
    lookups.cancel(StoryAsked("a-8"))
    assert WAITING_EACH == lookups.ask(StoryAsked("a-9"), visitor="a").ahead
    for _ in range(WAITING_EACH):
        lookups.look()
    assert lookups.ask(own, visitor="b").answer is not None


def test_a_question_that_was_left_lets_its_visitor_ask_another() -> None:
    """The page was closed while it waited."""
    now_s = [0.0]
    lookups = Lookups(tell, steady_s=lambda: now_s[0])
    for number in range(WAITING_EACH):
        lookups.ask(StoryAsked(f"a-{number}"), visitor="a")
    assert lookups.ask(StoryAsked("b"), visitor="a").trouble
    now_s[0] += LEFT_S + 1

    assert not lookups.ask(StoryAsked("b"), visitor="a").trouble


@pytest.mark.parametrize(("session_id", "lasts_s"), [("known", ANSWER_S), ("unknown", TROUBLE_S)])
def test_what_was_told_ages(session_id: str, lasts_s: float) -> None:
    """Whoever comes later has it looked up anew; a page that is open does not."""
    now_s, question = [0.0], StoryAsked(session_id)
    lookups = Lookups(tell, steady_s=lambda: now_s[0])
    told(lookups, session_id)
    now_s[0] = lasts_s
    assert not lookups.ask(question).doing
    now_s[0] = lasts_s + 1
    assert not lookups.ask(question, renews=True).doing
    assert lookups.ask(question).doing
    lookups.look()
    assert not lookups.ask(question).doing


def test_an_old_answer_stays_where_nothing_more_can_wait() -> None:
    """It says that it could not be looked up anew."""
    now_s = [0.0]
    lookups = Lookups(tell, steady_s=lambda: now_s[0])
    told(lookups, "known")
    now_s[0] = ANSWER_S + 1
    for number in range(WAITING_MAX):
        lookups.ask(StoryAsked(f"session-{number}"))
    found = lookups.ask(KNOWN)

    assert (FULL, True) == (found.trouble, found.answer is not None)


def test_pages_that_are_open_do_not_begin_again_what_they_know() -> None:
    """More of them than answers are kept would be looked up in turn for ever."""
    asked: list[Question] = []

    def noted(question: Question, progress: Progress, so_far: SoFar) -> Story:
        asked.append(question)
        return tell(question, progress, so_far)

    lookups = Lookups(noted)
    pages = [StoryAsked(f"session-{number}") for number in range(KEPT + 5)]
    for page in pages:
        lookups.ask(page)
        lookups.look()
    for _ in range(3):
        for page in pages:
            lookups.ask(page, renews=True)
        lookups.look()

    assert pages == asked
    assert UNBEGUN == lookups.ask(pages[0], renews=True).trouble
    assert lookups.ask(pages[0]).doing


def test_answers_that_are_looked_at_are_kept_before_others() -> None:
    """Not those that came last."""
    lookups = Lookups(tell)
    told(lookups, "known")
    for number in range(2 * KEPT):
        told(lookups, f"session-{number}")
        assert lookups.ask(KNOWN).answer is not None


def test_what_is_only_seen_is_not_begun_by_whoever_renews_the_page() -> None:
    """Whoever opens it does begin it; few of such questions are remembered."""
    lookups = Lookups(tell)
    assert UNBEGUN == lookups.seen(KNOWN).trouble
    assert UNBEGUN == lookups.ask(KNOWN, renews=True).trouble
    assert told(lookups, "known").answer is not None
    assert lookups.seen(KNOWN).answer is not None
    for number in range(ENDED_MAX + 1):
        lookups.seen(StoryAsked(f"session-{number}"))
    assert ENDED_MAX == len(lookups._ended)


def test_while_nothing_is_asked_for_the_thread_rests() -> None:
    """So that what is held in memory can go."""
    rested = Event()
    lookups = Lookups(tell, rest=lambda _: rested.set(), rest_s=0.01)
    lookups.start()
    try:
        assert rested.wait(30)
    finally:
        lookups.stop()


def test_who_asks_while_the_thread_rests_does_not_wait_for_it() -> None:
    """It is told that somebody asks, and ends; what goes wrong with it ends no look-up."""
    began, was_told = Event(), Event()

    def resting(is_asked: Callable[[], bool]) -> None:
        began.set()
        while not is_asked():
            was_told.wait(0.001)
        was_told.set()
        raise ZeroDivisionError

    lookups = Lookups(tell, rest=resting, rest_s=0.01)
    lookups.start()
    thread = lookups._thread
    assert thread is not None
    try:
        assert began.wait(30)
        lookups.ask(KNOWN)
        assert was_told.wait(30)
        while lookups.ask(KNOWN).doing:
            thread.join(0.01)
        assert lookups.ask(KNOWN).answer is not None
    finally:
        lookups.stop()
