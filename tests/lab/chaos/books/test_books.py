"""The books: what is missing, wrong or there twice, and the word for it."""

from collections.abc import Iterable
from dataclasses import dataclass

from streams.contract.events import Event, ItemViewed, encode
from streams.contract.published.outcomes import Outcome
from streams.contract.published.prompts import Prompt
from streams.lab.bench.stage.site import Site
from streams.lab.chaos.books.books import (
    Recomputed,
    behind,
    judged_outcomes,
    judged_prompts,
    judged_state,
    lost_prompts,
    recompute,
)
from streams.lab.chaos.ground.traffic import reaction, warm_up
from streams.lab.chaos.till import Books, ghosts
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Shop

SETTINGS = Site("127.0.0.1:1").settings("books")


@dataclass(frozen=True)
class Record:
    """A record of any topic, all on one partition."""

    offset: int
    value: bytes
    key: bytes = b""
    partition: int = 0
    timestamp: int = 4_000_000_000_000


def recorded(events: Iterable[Event]) -> list[Record]:
    """The log of these events."""
    return [
        Record(offset, encode(event), event.session_id.encode(), timestamp=event.occurred_at_ms)
        for offset, event in enumerate(events)
    ]


class Day:
    """A shop's warm-up, then views that are answered, and everything that the shoppers do."""

    def __init__(self) -> None:
        shop = Shop(SETTINGS)
        self.events: list[Event] = list(warm_up())
        self.begins = {0: len(self.events)}
        self.prompts: list[Prompt] = []
        self.outcomes: list[Outcome] = []
        now_ms = self.events[-1].occurred_at_ms  # reactions are of now, and receipts expire
        views = [
            ItemViewed(event_id=f"v{n}", session_id=f"s{n}", occurred_at_ms=now_ms, item_id="x")
            for n in range(40)
        ]
        self.events += views
        for number, event in enumerate(self.events):
            assert "folded" == shop.learn(0, number, event)
        for number, view in enumerate(views, start=self.begins[0]):
            prompt = shop.answer(view, 0, number, PendingPrompts()).prompt
            assert prompt is not None
            self.prompts.append(prompt)
            for reacted in reaction(prompt):
                offset = len(self.events)
                assert "folded" == shop.learn(0, offset, reacted)
                self.outcomes += shop.answer(reacted, 0, offset, PendingPrompts()).outcomes
                self.events.append(reacted)
        self.digest = shop.digest()

    def recomputed(self) -> Recomputed:
        """What the log says of this day."""
        return recompute(SETTINGS, recorded(self.events), self.begins)


DAY = Day()
LOG = DAY.recomputed()
ADDED_TOO = [
    prompt
    for prompt in DAY.prompts
    if any(event.type == "item_added" for event in reaction(prompt))
]


def published(values: Iterable[Prompt | Outcome]) -> list[Record]:
    """These values as records of their topic."""
    return [Record(number, value.to_json()) for number, value in enumerate(values)]


def test_the_log_alone_says_what_the_shop_knew() -> None:
    """Its digest, the prompts that it owes, and the outcomes."""
    assert DAY.digest == LOG.digest
    assert {prompt.prompt_id for prompt in DAY.prompts} <= LOG.owed
    assert {o.identity for o in DAY.outcomes} == set(LOG.outcomes)


def test_a_prompt_that_is_missing_is_less() -> None:
    """The prompts of adds from a prompt were not published here: they are what is lost."""
    judged, said = (
        judged_prompts(published(DAY.prompts), LOG),
        [*lost_prompts(published(DAY.prompts), LOG)],
    )

    assert ("LESS", len(ADDED_TOO)) == (judged.word, judged.lost)
    assert len(ADDED_TOO) == len(said)
    assert all("item_added" in sentence and "of partition" in sentence for sentence in said)


def test_a_prompt_that_came_again_is_more_whatever_it_offers() -> None:
    """Its id is what counts; readers keep the first."""
    log = LOG._replace(owed=frozenset(prompt.prompt_id for prompt in DAY.prompts))
    again = DAY.prompts[0].model_copy(update={"items": DAY.prompts[1].items})

    assert judged_prompts(published(DAY.prompts), log).word == "EXACT"
    assert judged_prompts(published([*DAY.prompts, again]), log) == ("MORE", 0, 0, 1)


def test_a_prompt_that_nobody_asked_for_is_wrong() -> None:
    """So is one that says of its event what is not so."""
    log = LOG._replace(owed=frozenset())
    stray = DAY.prompts[0].model_copy(update={"prompt_id": "0" * 24})
    other = DAY.prompts[0].model_copy(update={"session_id": "another"})

    assert [judged_prompts(published([each]), log).word for each in (stray, other)] == ["LESS"] * 2


def test_outcomes_are_exact_once_repeats_are_dropped() -> None:
    """Whatever came twice, came as it was."""
    judged = judged_outcomes(published([*DAY.outcomes, *DAY.outcomes[:3]]), LOG)

    assert judged == ("EXACT", 0, 0, 3)


def test_outcomes_that_are_missing_or_other_are_less() -> None:
    """A reward that differs is no repeat."""
    other = DAY.outcomes[0].model_copy(update={"reward": 0.7})

    assert judged_outcomes(published(DAY.outcomes[1:]), LOG).word == "LESS"
    assert judged_outcomes(published([other, *DAY.outcomes[1:]]), LOG).word == "LESS"


def test_a_worker_that_has_folded_something_else_is_less() -> None:
    """So is one that does not say what it has folded."""
    assert judged_state([DAY.digest, DAY.digest], LOG).word == "EXACT"
    assert judged_state([DAY.digest, "other"], LOG).word == "LESS"
    assert judged_state([None], LOG).word == "LESS"


def test_what_was_aborted_never_happened_whatever_the_log_holds() -> None:
    """By the till's own books; what is in doubt counts as it is found, and all of it or nothing."""
    log = recorded(DAY.events[:6])
    first, second, third = (frozenset({DAY.events[n].event_id}) for n in range(3))
    fourth = frozenset({DAY.events[3].event_id, DAY.events[4].event_id})
    till = Books(committed=[first], aborted=[second], in_doubt=[third, fourth])

    left = [record.offset for record in till.happened(log, seen={DAY.events[4].event_id})]

    assert [0, 3, 4, 5] == left
    assert {0: 6} == behind(log)


def test_a_worker_that_learned_what_was_aborted_is_less() -> None:
    """Ghosts show in the digest, wherever they are in the log."""
    haunted = [*DAY.events, *ghosts("ghost")]
    never = frozenset(event.event_id for event in ghosts("ghost"))
    happened = Books([], [never], []).happened(recorded(haunted), seen=())
    learned = recompute(SETTINGS, recorded(haunted), DAY.begins)

    assert recompute(SETTINGS, happened, DAY.begins).digest == LOG.digest
    assert judged_state([learned.digest], LOG).word == "LESS"
