"""What is told of a visit: its own events, each decision with its reasons, and what came of it."""

from typing import Any

import pytest
from pydantic import SecretStr

from streams.contract.events import Event, ItemAdded
from streams.contract.published.outcomes import Outcome
from streams.contract.published.prompts import Prompt, PromptWithdrawn
from streams.contract.schemas.examples import SECRET
from streams.contract.settings import Settings
from streams.lab.demo.shops.assortment import GROCERY
from streams.lab.demo.web.stories import STEPS_MAX, VISITS_MAX, VisitStories
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Shop
from tests.stories import NOON_MS, OPEN

SETTINGS = Settings(**{**OPEN, "receipt_secret": SecretStr(SECRET), "cool_down_s": 15.0})


class Town:
    """A shop that knows what goes with bread, and what is told of its visits."""

    def __init__(self) -> None:
        self.shop = Shop(SETTINGS)
        self.stories = VisitStories(self.shop, SETTINGS, GROCERY)
        for number in range(8):
            for item in ("bread", "butter") if number % 2 else ("milk", "tent"):
                self.says(f"other-{number}", item)

    def says(self, session: str, item: str, **more: Any) -> Event:
        """Somebody adds something, and the judge's shop folds it."""
        offset = self.shop.position.get(0, 0)
        event = ItemAdded(
            event_id=f"e{offset}",
            session_id=session,
            occurred_at_ms=NOON_MS + 1000 * offset,
            item_id=item,
            **more,
        )
        self.shop.learn(0, offset, event)
        self.stories.folded(0, offset, event, event.occurred_at_ms)
        return event

    def kinds(self, visit: str) -> list[str]:
        """The kinds of the steps that are told."""
        return [step["kind"] for step in self.stories.since(visit, 0)]


def prompt_for(event: Event, town: Town) -> Prompt:
    """What a worker publishes for an event that was folded last."""
    offset = town.shop.position[0] - 1
    outgoing = town.shop.answer(event, 0, offset, PendingPrompts()).outgoing_prompt
    assert outgoing is not None
    return outgoing.prompt()


def outcome_of(prompt: Prompt, stage: Any, **more: Any) -> Outcome:
    """A stage that it reached."""
    return Outcome(
        prompt_id=prompt.prompt_id,
        session_id=prompt.session_id,
        stage=stage,
        arm=prompt.arm,
        context=prompt.context,
        propensity=prompt.propensity,
        reward=0.5,
        caused_by="e99",
        occurred_at_ms=NOON_MS,
        prompted_at_ms=NOON_MS,
        **more,
    )


def test_a_decision_is_told_with_its_reasons() -> None:
    """Counts, arm, chances, and whether the offer is true; then what came of it."""
    town = Town()
    town.stories.follow("ann")
    event = town.says("ann", "bread")
    prompt = prompt_for(event, town)
    town.stories.published(prompt, NOON_MS)
    town.stories.outcome(outcome_of(prompt, "shown"), NOON_MS)
    said, decided, shown = town.stories.since("ann", 0)

    assert ("event", "item_added", "bread") == (said["kind"], said["type"], said["item"])
    assert event.event_id == decided["caused_by"] == said["event_id"]
    assert decided["propensities"] == prompt.propensities
    butter = next(each for each in decided["items"] if each["item"] == "butter")
    assert butter["true"]
    assert (prompt.prompt_id, "shown", 0.5) == (
        shown["prompt_id"],
        shown["stage"],
        shown["reward"],
    )


@pytest.mark.parametrize(
    ("locale", "told"),
    [("ar-EG", ("ar", "rtl")), ("de", ("de", "ltr")), ("pl", ("en", "ltr")), (None, ("en", "ltr"))],
)
def test_a_reason_is_told_with_its_language_and_direction(
    locale: str | None, told: tuple[str, str]
) -> None:
    """The drawer around it is English."""
    town = Town()
    town.stories.follow("ann")
    town.stories.published(prompt_for(town.says("ann", "bread", locale=locale), town), NOON_MS)
    decided = town.stories.since("ann", 0)[-1]

    assert told == (decided["language"], decided["direction"])


def test_a_silence_is_told_with_its_reason() -> None:
    """Right after a prompt there is a pause, and the story says so."""
    town = Town()
    town.stories.follow("ann")
    town.stories.published(prompt_for(town.says("ann", "bread"), town), NOON_MS)
    town.says("ann", "butter")
    silence = town.stories.since("ann", 0)[-1]

    assert ("silence", "cool_down") == (silence["kind"], silence["reason"])
    assert "pause" in silence["why"]


def test_a_silence_is_told_though_its_prompt_is_heard_later() -> None:
    """Topics are read one beside the other: two events may come before the prompt of the first."""
    town = Town()
    town.stories.follow("ann")
    event = town.says("ann", "bread")
    prompt = prompt_for(event, town)
    town.says("ann", "butter")
    assert ["event", "event"] == town.kinds("ann")
    town.stories.published(prompt, NOON_MS)

    assert ["event", "event", "prompt", "silence"] == town.kinds("ann")


def test_repeats_are_no_news() -> None:
    """Workers publish at least once: each is told once."""
    town = Town()
    town.stories.follow("ann")
    prompt = prompt_for(town.says("ann", "bread"), town)
    gone = PromptWithdrawn(
        prompt_id=prompt.prompt_id,
        session_id="ann",
        because="added",
        caused_by="e1",
        occurred_at_ms=NOON_MS,
    )
    for _ in range(2):
        town.stories.published(prompt, NOON_MS)
        town.stories.outcome(outcome_of(prompt, "clicked"), NOON_MS)
        town.stories.outcome(outcome_of(prompt, "added", item_id="butter"), NOON_MS)
        town.stories.published(gone, NOON_MS)

    assert ["event", "prompt", "outcome", "outcome", "withdrawn"] == town.kinds("ann")


def test_nobody_elses_visit_is_told() -> None:
    """Of sessions that nobody follows nothing is kept; each hears of its own alone."""
    town = Town()
    town.stories.follow("ann")
    town.stories.follow("bob")
    town.says("ann", "bread")
    prompt = prompt_for(town.says("cy", "bread"), town)
    town.stories.published(prompt, NOON_MS)
    town.stories.outcome(outcome_of(prompt, "shown"), NOON_MS)

    assert (["event"], [], []) == (town.kinds("ann"), town.kinds("bob"), town.kinds("cy"))


def test_what_is_kept_is_bounded() -> None:
    """Of visits, and of the steps of one; numbers go on, so that nobody is told anything twice."""
    town = Town()
    town.stories.follow("ann")
    for _ in range(STEPS_MAX):
        town.says("ann", "tea")
    steps = town.stories.since("ann", 0)
    assert STEPS_MAX == len(steps)
    assert steps == sorted(steps, key=lambda step: step["n"])
    assert [] == town.stories.since("ann", steps[-1]["n"])
    for number in range(VISITS_MAX):
        town.stories.follow(f"visitor-{number}")

    assert [] == town.stories.since("ann", 0)
