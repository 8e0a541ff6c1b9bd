"""The learned ranker as an arm, where the settings ask for it."""

from streams.shop.checkpoint import packed, read, restored
from streams.shop.decision.arms import ARMS
from tests.stories import Story, Till


def taught() -> Till:
    """A shop with the ranker that has seen bread bought with butter, and with jam."""
    till = Till(best_fit=True, rank_learning_share=1.0, cool_down_s=0, together_min=1)
    till.teach("bread", "butter")
    till.teach("bread", "jam", times=5)
    return till


def test_the_ranker_is_an_arm_only_where_it_is_asked_for() -> None:
    """It costs more an event than all the others."""
    without, within = Till(), taught()
    without.teach("bread", "butter")

    assert "best_fit" in ARMS
    assert "best_fit" not in without.prompt(Story().add("bread")).propensities
    assert "best_fit" in within.prompt(Story().add("bread")).propensities


def test_its_prompts_name_their_strongest_source() -> None:
    """And offer what completes the basket, never what is in it."""
    till = taught()
    prompts = [till.prompt(Story(f"s{number}").add("bread")) for number in range(60)]
    fitting = [prompt for prompt in prompts if prompt.arm == "best_fit"]

    assert fitting
    assert {"butter"} == {prompt.items[0].item_id for prompt in fitting}
    assert all(prompt.reason.key.startswith("best_fit/") for prompt in fitting)
    assert all("bread" not in {item.item_id for item in prompt.items} for prompt in fitting)


def test_it_is_in_the_checkpoint_and_not_in_the_digest() -> None:
    """What it knows depends on the order in which it saw partitions."""
    till = taught()
    _, data = packed(till.shop, cluster="c", now_ms=1, made_by="w")
    again = restored(read(data), till.shop.settings)

    assert "fit" not in till.shop.digests()
    assert till.shop.digest() == again.digest()
    assert till.shop.state()["fit"] == again.state()["fit"]


def test_every_add_teaches_the_ranker_and_of_views_a_share() -> None:
    """Adds are what counts; views are many."""
    adding, viewing = (Till(best_fit=True, rank_learning_share=0.0) for _ in range(2))
    unmoved = learned(viewing)
    adding.teach("bread", "butter")
    for number in range(10):
        story = Story(f"s{number}")
        viewing.serve(story.view("bread"))
        viewing.serve(story.view("butter"))

    assert unmoved == learned(viewing)
    assert unmoved != learned(adding)


def test_events_tell_the_ranker_categories() -> None:
    """Whether something is looked at, added, or only stands in an order."""
    till = Till(best_fit=True)
    story = Story()
    order = story.order("tea")
    line = order.lines[0].model_copy(update={"category": "drinks"})
    for event in (
        story.view("bread").model_copy(update={"category": "bakery"}),
        story.add("butter").model_copy(update={"category": "dairy"}),
        order.model_copy(update={"lines": (line,)}),
    ):
        till.serve(event)
    fit = till.shop.learned.fit

    assert fit is not None
    assert ["bakery", "dairy", "drinks"] == list(fit._sources.catalogue.numbers)


def learned(till: Till) -> str:
    """The ranker's weights, as they are written down."""
    fit = till.shop.learned.fit
    assert fit is not None
    return str(fit.state()["weights"])
