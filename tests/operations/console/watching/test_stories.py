"""Look-ups: one at a time, bounded, and what went wrong is told."""

import pytest

from streams.contract.errors import NotEnough
from streams.operations.console.watching.stories import (
    KEPT,
    LOOKUP_S_MAX,
    RECORDS_MAX,
    SESSION_EVENTS_MAX,
    WAITING_MAX,
    Lookup,
    SoFar,
    Stories,
)
from streams.operations.explanation.story import Progress, Story, check_number


def tell(session_id: str, _events_max: int, progress: Progress, _so_far: SoFar) -> Story:
    """A story of nothing, of a log as long as the session's name says."""
    records = RECORDS_MAX + 1 if session_id == "long" else 10
    with progress("folding", records) as advance:
        advance(5)
    if session_id == "broken":
        raise ZeroDivisionError
    if session_id == "unknown":
        raise NotEnough("no event of session 'unknown'")
    return Story(session_id, (), (), 0, ())


def told(stories: Stories, session_id: str) -> Lookup:
    """What is known once it has been looked up."""
    stories.ask(session_id)
    stories.look()
    return stories.ask(session_id)


@pytest.mark.parametrize(
    ("session_id", "trouble"),
    [
        ("known", ""),
        ("unknown", "no event of"),
        ("broken", "its log"),
        ("long", "goeswith explain"),
    ],
)
def test_what_became_of_a_look_up_is_told(session_id: str, trouble: str) -> None:
    """A story, or why there is none."""
    found = told(Stories(tell), session_id)

    assert (not trouble) == (found.story is not None)
    assert trouble in found.trouble


def test_who_asks_for_too_many_is_told_to_wait() -> None:
    """One session asked for twice waits once."""
    stories = Stories(tell)
    for _ in range(3):
        for number in range(WAITING_MAX):
            assert stories.ask(f"session-{number}").doing

    assert "try again" in stories.ask("another").trouble


def test_the_latest_few_are_kept() -> None:
    """Whatever is asked for in a day."""
    stories = Stories(tell)
    for number in range(3 * KEPT):
        told(stories, f"session-{number}")

    assert len(stories._known) <= KEPT
    assert stories.ask(f"session-{3 * KEPT - 1}").story is not None


def test_a_thread_looks_up_what_is_asked_for() -> None:
    """Until it is stopped."""
    stories = Stories(tell)
    stories.start()
    stories.ask("known")
    thread = stories._thread
    assert thread is not None
    while stories.ask("known").doing:
        thread.join(0.01)
    stories.stop()
    thread.join(30)

    assert not thread.is_alive()


def test_what_is_known_already_is_told_while_silences_are_looked_for() -> None:
    """And stays when that takes too long; who asks sees how far it is."""
    seen: list[Lookup] = []

    def slow(session_id: str, _most: int, progress: Progress, so_far: SoFar) -> Story:
        so_far(Story(session_id, (0,), (), 0, ("early",), whole=False))
        seen.append(stories.ask(session_id))
        with progress("folding", 1_000) as advance:
            advance(500)
            seen.append(stories.ask(session_id))
        if session_id == "endless":
            raise NotEnough("it takes too long")
        return Story(session_id, (0,), (), 0, ("late",))

    stories = Stories(slow)
    done, given_up = told(stories, "known"), told(stories, "endless")

    for lookup in seen:
        assert lookup.doing
        assert lookup.story is not None
        assert ("early",) == lookup.story.notes
    assert 0.5 == seen[1].share
    assert done.story is not None
    assert (True, ("late",)) == (done.story.whole, done.story.notes)
    assert "too long" in given_up.trouble
    assert given_up.story is not None
    assert ("early",) == given_up.story.notes


def test_a_look_up_that_takes_too_long_makes_way_for_others() -> None:
    """However little of the log each of a session's events takes."""
    now_s, done = [0.0], []

    def endless(session_id: str, _most: int, progress: Progress, _so_far: SoFar) -> Story:
        with progress("folding", 100_000) as advance:
            for number in range(100_000):
                now_s[0] += 1.0
                advance(1)
                done.append(number)
        return Story(session_id, (), (), 0, ())

    found = told(Stories(endless, steady_s=lambda: now_s[0]), "endless")
    assert "longer than 120 s" in found.trouble
    assert len(done) == LOOKUP_S_MAX


def test_a_session_of_very_many_events_is_told_by_the_command_alone() -> None:
    """Each of them is a fold by itself."""
    check_number(SESSION_EVENTS_MAX, "script", "shop.events", SESSION_EVENTS_MAX)
    check_number(100_000, "script", "shop.events", None)
    with pytest.raises(NotEnough, match=r"100,000 events, and a page .* goeswith explain script"):
        check_number(100_000, "script", "shop.events", SESSION_EVENTS_MAX)
