"""A new arm with a learner of its own: two entries in tables and its texts, and nothing else."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import pytest

from models import Candidate, Recommender
from models.recommenders.recommender import NOTHING
from streams.contract.errors import CheckpointRefused, Misconfigured
from streams.contract.settings import Settings
from streams.shop.checkpoint import Checkpoint, check, packed, read, restored
from streams.shop.decision.arms import ARMS, Arm
from streams.shop.decision.controls.arm_names import SPEAKING
from streams.shop.decision.languages.messages import TEXTS
from streams.shop.memory.answer import Silence
from streams.shop.memory.learned import LEARNERS
from streams.shop.memory.session import Session
from streams.shop.memory.teaching import Learner
from streams.shop.shop import Shop
from streams.shop.state import left_out
from tests.stories import OPEN, Story, Till


class Latest(Recommender):
    """What was looked at last by anybody: a maximum, so that it commutes."""

    STATE_VERSION = 1

    def __init__(self, half_life_s: float = 3600.0) -> None:
        super().__init__(half_life_s)
        self._latest: tuple[float, str] | None = None

    def learn_one(self, x: Sequence[str], y: str, *, time_s: float, weight: float = 1.0) -> None:
        """The later one stays."""
        self._latest = max(self._latest or (time_s, y), (time_s, y))

    def recommend(
        self,
        x: Sequence[str],
        k: int,
        *,
        exclude: Collection[str] = NOTHING,
        time_s: float | None = None,
    ) -> list[Candidate]:
        """That item alone."""
        if self._latest is None or self._latest[1] in exclude:
            return []
        return [Candidate(self._latest[1], 1.0, 1, 1)][:k]

    def state(self) -> dict[str, Any]:
        """The arguments, and the item with its time."""
        return {"params": self._get_params(), "latest": self._latest and [*self._latest]}

    def _restore(self, state: dict[str, Any]) -> None:
        self._latest = state["latest"] and (state["latest"][0], state["latest"][1])


def _view(
    model: Latest, _settings: Settings, session: Session, item_id: str, time_s: float
) -> None:
    model.learn_one(session.viewed, item_id, time_s=time_s)


LATEST = Learner(name="latest", new=lambda _settings: Latest(), first_view=_view)
TABLES: dict[str, Any] = {
    "learners": (*LEARNERS, LATEST),
    "arms": ARMS | {"just_seen": Arm(lambda learned: learned.latest, lambda _question: ())},
    "texts": {
        language: texts | {"just_seen": "Others look at this now"}
        for language, texts in TEXTS.items()
    },
}
SETTINGS = Settings(**OPEN)


@pytest.fixture
def till() -> Till:
    """A till of a shop with the arm, in which somebody else has looked at jam."""
    till = Till()
    till.shop = Shop(SETTINGS, **TABLES)
    till.serve(Story("other").view("jam"))
    return till


def kept(shop: Shop) -> Checkpoint:
    """The checkpoint of a shop, read again."""
    return read(packed(shop, cluster="c", now_ms=1, made_by="w")[1])


def prompts(till: Till) -> Iterator[Any]:
    """What many sessions get that look at bread."""
    return (till.prompt(Story(f"s{number}").view("bread")) for number in range(40))


def test_it_is_drawn_and_speaks(till: Till) -> None:
    """The policy chooses it among the others, and the shopper reads its own text."""
    till.teach("bread", "butter")

    drawn = [prompt for prompt in prompts(till) if prompt.arm == "just_seen"]

    assert drawn
    assert {"jam"} == {prompt.items[0].item_id for prompt in drawn}
    assert {"Others look at this now"} == {prompt.reason.text for prompt in drawn}
    assert {"bought_together", "just_seen"} < drawn[0].propensities.keys()


def test_what_it_learned_is_a_part_of_the_state(till: Till) -> None:
    """It is hashed as others are, without a word of it elsewhere."""
    before = till.shop.digests()

    till.serve(Story("later").view("tea"))

    assert before["latest"] != till.shop.digests()["latest"]
    assert "latest" not in left_out(till.shop.parts())


def test_it_comes_back_from_a_checkpoint(till: Till) -> None:
    """A worker that goes on from one offers the same."""
    checkpoint = kept(till.shop)
    check(checkpoint.header, SETTINGS, new=till.shop.new)

    woken = restored(checkpoint, SETTINGS, till.shop.new)

    assert till.shop.state() == woken.state()
    assert till.shop.digest() == woken.digest() == checkpoint.header.digest
    assert ["jam"] == [candidate.item for candidate in woken.learned.latest.recommend((), 3)]


def test_it_teaches_nobody_else(till: Till) -> None:
    """The others know what they know in a shop without it."""
    without = Till()
    without.serve(Story("other").view("jam"))

    more = till.shop.digests()

    assert more.pop("latest")
    assert without.shop.digests() == more


def test_a_checkpoint_made_without_it_is_refused(till: Till) -> None:
    """The new learner needs the log from its beginning."""
    checkpoint = kept(Till().shop)

    with pytest.raises(CheckpointRefused, match="made under other settings: latest was none"):
        check(checkpoint.header, SETTINGS, new=till.shop.new)
    with pytest.raises(CheckpointRefused, match="it has the parts"):
        restored(checkpoint, SETTINGS, till.shop.new)


def test_a_learner_that_the_settings_do_not_ask_for_is_not_there() -> None:
    """Neither taught nor kept, and its arm is not offered."""
    off = Learner[Latest](name="latest", new=lambda _settings: None, first_view=_view)
    till = Till()
    till.shop = Shop(SETTINGS, **TABLES | {"learners": (*LEARNERS, off)})

    till.serve(Story("other").view("jam"))

    assert "latest" not in till.shop.parts()
    assert all("just_seen" not in prompt.propensities for prompt in prompts(till))


class Hollow(Latest):
    """Says that it has something to offer, and has not."""

    def proposes(self, *_asked: Any, **_more: Any) -> bool:
        """It always does."""
        return True

    def recommend(self, *_asked: Any, **_more: Any) -> list[Candidate]:
        """And never has."""
        return []


def test_an_arm_that_promises_what_it_does_not_have_costs_a_prompt_and_no_worker() -> None:
    """It is the only one that offers anything, so it is drawn: that is silence."""
    hollow = Learner[Hollow](name="latest", new=lambda _settings: Hollow(), first_view=_view)
    till = Till()
    till.shop = Shop(SETTINGS, **TABLES | {"learners": (*LEARNERS, hollow)})
    answer = till.serve(Story().view("bread"))

    assert (None, Silence("no_candidate")) == (answer.prompt, answer.silence)


@pytest.mark.parametrize("language", ["en", "ur"])
@pytest.mark.parametrize("key", ["just_seen", "popular", "suggested"])
def test_an_arm_without_a_text_starts_no_worker(language: str, key: str) -> None:
    """It says which and in which language, and does not end one that draws the arm."""
    texts = {name: {**said} for name, said in TABLES["texts"].items()}
    del texts[language][key]

    said = rf"no text for '{key}' in '{language}': .*/{language}\.po"
    with pytest.raises(Misconfigured, match=said):
        Shop(SETTINGS, **TABLES | {"texts": texts})


@pytest.mark.parametrize("arm", SPEAKING)
def test_an_arm_that_no_language_has_a_text_for_starts_no_worker(arm: str) -> None:
    """Nor one that is made for a basket, or by the catalogue: they are in no table of a shop."""
    texts = {
        language: {key: text for key, text in said.items() if key.partition("/")[0] != arm}
        for language, said in TABLES["texts"].items()
    }
    with pytest.raises(Misconfigured, match=f"no text for '{arm}' in 'en'"):
        Shop(SETTINGS, **TABLES | {"texts": texts})


def test_what_an_arm_of_sources_offers_without_one_is_suggested() -> None:
    """It has a text of one source, and none of its own."""
    texts = {
        language: said | {"just_seen/only": "From the window"} for language, said in TEXTS.items()
    }
    till = Till()
    till.shop = Shop(SETTINGS, **TABLES | {"texts": texts})
    till.serve(Story("other").view("jam"))
    drawn = [prompt for prompt in prompts(till) if prompt.arm == "just_seen"]

    assert {"Suggested for you"} == {prompt.reason.text for prompt in drawn}


def test_an_arm_that_nobody_has_written_a_text_for_starts_no_worker() -> None:
    """The table of arms alone, as the first step of the recipe has it."""
    with pytest.raises(Misconfigured, match="no text for 'just_seen' in 'en'"):
        Shop(SETTINGS, **TABLES | {"texts": TEXTS})


def test_what_a_source_without_a_text_of_its_own_offers_is_suggested(till: Till) -> None:
    """Which sources an arm has is not known before it offers something."""

    class Told(Latest):
        """Says where it has its item from."""

        def recommend(self, *asked: Any, **more: Any) -> list[Candidate]:
            """From the window of the shop."""
            return [one._replace(source="window") for one in super().recommend(*asked, **more)]

    told = Learner[Told](name="latest", new=lambda _settings: Told(), first_view=_view)
    till.shop = Shop(SETTINGS, **TABLES | {"learners": (*LEARNERS, told)})
    till.serve(Story("other").view("jam"))
    drawn = [prompt for prompt in prompts(till) if prompt.arm == "just_seen"]

    assert {"Suggested for you"} == {prompt.reason.text for prompt in drawn}
