"""An event id is its sender's, and good for one session: duplicates are told apart by both.

Every fold and report is tried on the same visits twice, with event ids that are unique in the world
and with ids that each session counts from 1: what it says must not differ. Nor may it when
everything comes again.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.clients.deduplication import SeenIds
from streams.contract.events import Event, encode
from streams.contract.published.prompts import Prompt
from streams.experiments.impressions import Trials
from streams.experiments.uplift.units import Units
from streams.lab.chaos.books.books import recompute
from streams.shop.memory.answer import Answer
from streams.shop.shop import Shop
from streams.storefront.published.subscribe import identity
from streams.views.arm_board import ArmBoard
from streams.views.current_prompts import CurrentPrompts
from tests.lab.chaos.books.test_books import SETTINGS, Record
from tests.stories import NOON_MS, Story, Till

Steps = list[tuple[int, str, str]]
ITEMS = ["bread", "butter", "jam", "tea"]
STEPS: st.SearchStrategy[Steps] = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(["view", "add", "order"]), st.sampled_from(ITEMS)),
    max_size=40,
)


def visits(steps: Steps, *, counted: bool) -> list[Event]:
    """What five sessions do in turn; `counted`: each of them counts its events from 1."""
    stories = [Story(f"s{number}") for number in range(5)]
    said: Counter[int] = Counter()
    events: list[Event] = []
    for who, what, item in steps:
        said[who] += 1
        event_id = f"{said[who]}" if counted else f"{who}-{said[who]}"
        events.append(getattr(stories[who], what)(item, event_id=event_id))
    return events


def served(events: Iterable[Event]) -> list[Answer]:
    """What a shop answers that knows something to say; every prompt is seen, and followed."""
    till = Till(lift_z_min=0)  # so that every arm offers all items: which one is drawn may differ
    till.teach(*ITEMS)
    answers = []
    for event in events:
        answers.append(till.serve(event))
        if prompt := answers[-1].prompt:
            story = Story(event.session_id, start_ms=event.occurred_at_ms)
            seen = story.see(prompt, event_id=f"{event.event_id}-seen", after_s=0)
            clicked = story.click(prompt, event_id=f"{event.event_id}-clicked", after_s=0)
            answers += [till.serve(seen), till.serve(clicked)]
    return answers


def published(answers: Iterable[Answer]) -> list[Any]:
    """The records of the prompts and the outcomes topic."""
    answers = list(answers)
    return [
        *(answer.prompt for answer in answers if answer.prompt),
        *(outcome for answer in answers for outcome in answer.outcomes),
    ]


def uplift(events: Iterable[Event]) -> list[Any]:
    """What the units did, of a shop in which half of all are held out."""
    till, units = Till(holdout_share=0.5), Units()
    for event in events:
        answer = till.serve(event)
        for outcome in (*answer.outcomes, *answer.unit_outcomes):
            units.add(outcome)
    if not (seen := units.experiments()):
        return []
    totals = units.totals(seen[0].id)
    return [sorted((u.orders, u.items) for u in of) for of in (totals.held_out, totals.may_get)]


def folded(events: Iterable[Event]) -> tuple[dict[str, str], list[Any]]:
    """What a shop has learned, and what its sessions hold, without the ids of events."""
    till = Till()
    for event in events:
        till.serve(event)
    digests = till.shop.digests()
    del digests["position"], digests["sessions"]
    shop: Shop = till.shop
    sessions = [] if 0 not in shop.sessions else shop.sessions[0].state()[1]
    return digests, [session[:10] for session in sessions]


def board(records: Iterable[Any]) -> Counter[str]:
    """How often prompts were said, and how often they got to each stage, whatever the arm."""
    kept, sums = ArmBoard(), Counter[str]()
    for record in records:
        kept.add(record)
    for row in kept.rows():
        sums.update(pulls=row.pulls, shown=row.shown, clicked=row.clicked)
    return sums


def trials(records: Iterable[Any]) -> int:
    """How many impressions there were."""
    kept = Trials()
    for record in records:
        kept.add(record)
    return kept.pending


def current(answers: Iterable[Answer]) -> list[tuple[str, ...]]:
    """What each session may be shown now: of its latest prompts what they answered."""
    kept = CurrentPrompts()
    for answer in answers:
        kept.add(answer)
    return [
        tuple(sorted(str(p.occurred_at_ms) for p in kept.of(f"s{n}", now_ms=NOON_MS)))
        for n in range(5)
    ]


def heard(records: Iterable[Any]) -> int:
    """How many prompts a subscriber prints."""
    seen = SeenIds()
    return sum(isinstance(r, Prompt) and not seen.before(identity(r)) for r in records)


def owed(events: Iterable[Event]) -> tuple[int, int]:
    """How many prompts and outcomes the verdict's books ask for."""
    log = [
        Record(offset, encode(event), event.session_id.encode())
        for offset, event in enumerate(events)
    ]
    recomputed = recompute(SETTINGS, log, {})
    return len(recomputed.asked), len(recomputed.owed)


@given(STEPS)
def test_uplift_counts_a_sessions_events_as_its_own(steps: Steps) -> None:
    """Three sessions that each say "1" and "2" are three units."""
    counted = visits(steps, counted=True)

    assert uplift(visits(steps, counted=False)) == uplift(counted) == uplift(counted * 2)


def test_sessions_that_count_their_events_are_units_of_their_own() -> None:
    """Each with the event ids "1" and "2"."""
    steps = [(who, what, "bread") for who in range(3) for what in ("add", "order")]
    held_out, may_get = uplift(visits(steps, counted=True))

    assert [(1, 1)] * 3 == held_out + may_get


@given(STEPS)
def test_a_shop_learns_from_sessions_that_count_their_events(steps: Steps) -> None:
    """Pairs, popularity, purchases, arms, baskets."""
    counted = visits(steps, counted=True)

    assert folded(visits(steps, counted=False)) == folded(counted)
    assert folded(counted)[0] == folded([event for event in counted for _ in range(2)])[0]


@given(STEPS)
def test_what_was_published_is_counted_for_every_session(steps: Steps) -> None:
    """On the board, in trials, in what may be shown, and to a subscriber."""
    unique, counted = (served(visits(steps, counted=each)) for each in (False, True))
    said, again = published(counted), published(counted) * 2

    assert board(published(unique)) == board(said) == board(again)
    assert trials(published(unique)) == trials(said) == trials(again)
    assert heard(published(unique)) == heard(said) == heard(again)
    assert current(unique) == current(counted) == current(counted * 2)


@given(STEPS)
def test_the_books_ask_for_the_prompts_of_every_session(steps: Steps) -> None:
    """By the ids that prompts have."""
    counted = visits(steps, counted=True)

    assert owed(visits(steps, counted=False)) == owed(counted) == owed(counted * 2)
