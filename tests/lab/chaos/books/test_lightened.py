"""Sessions that came to weigh too much: what the twin does not know of them is told, not judged."""

from collections.abc import Callable, Sequence

import pytest

from streams.contract.events import Event, ItemAdded, ItemRemoved, encode
from streams.contract.published.outcomes import AnyOutcome, Outcome
from streams.contract.settings import Settings
from streams.lab.chaos.books.books import recompute
from streams.lab.chaos.books.compared import Compared, judged_by_twin
from streams.shop.memory.orders.baskets.changes import BASKET_MAX
from streams.shop.memory.session import Session
from streams.shop.shop import Shop
from tests.lab.chaos.street import Record
from tests.stories import NOON_MS, OPEN, Story, Till

SETTINGS = Settings(**OPEN)
LOOKS, REMOVALS = 34, 22
PROMPTS = 8
AT_ONCE = 120
"""Events of one moment, of which a session that came to weigh too much forgets half."""


def busy(story: Story) -> list[Event]:
    """So much that a session lets go of the first of what was taken out of it."""
    looks = [story.view(f"look-{number}") for number in range(LOOKS)]
    return [*looks, *(story.remove(f"out-{number}") for number in range(REMOVALS))]


def heavy() -> list[Event]:
    """An add of jam comes long after the removal that had overtaken it."""
    story = Story("heavy")
    late = story.add("jam")
    return [story.remove("jam"), *busy(story), late, story.add("bread", quantity=2)]


def light() -> list[Event]:
    """The same with little in between."""
    story = Story("light")
    late = story.add("jam")
    return [story.remove("jam"), story.view("tea"), late, story.add("bread", quantity=2)]


def clicked_late(between: Callable[[Story], list[Event]]) -> list[Event]:
    """All prompts that a session may remember, and a click on the first of them after all that."""
    till, story = Till(), Story("prompted")
    till.teach("bread", "butter", times=5)
    prompts = [till.prompt(story.view("bread")) for _ in range(PROMPTS)]
    for prompt in prompts:
        till.serve(story.see(prompt))
    return [*till.served, *between(story), story.click(prompts[0])]


def at_once(story: Story) -> list[Event]:
    """A request to the gateway: grams of many items, stamped alike."""
    return [
        story.add(f"item-{number % (BASKET_MAX - 1)}", quantity=1000 + number, after_s=0)
        for number in range(AT_ONCE)
    ]


def sent_again(first: int, *, views: int = 0) -> list[Event]:
    """Three jams come, one goes; from there on it is told again, and then others follow."""
    story = Story("again")
    jams: list[Event] = [story.add("jam", quantity=3), story.remove("jam", after_s=0)]
    return [*jams, *at_once(story), *jams[first:], *(story.view("tea") for _ in range(views))]


def of_tea_and_milk() -> list[Event]:
    """Others take the one or the other."""
    return [Story("tea").add("tea"), Story("milk").add("milk")]


def nothing(_story: Story) -> list[Event]:
    """At once."""
    return []


def shopping(story: Story) -> list[Event]:
    """A full basket, and then some."""
    return [*(story.add(f"item-{number}") for number in range(BASKET_MAX)), *busy(story)]


def judged(
    events: Sequence[Event],
    make: Callable[[Settings], Shop] = Shop,
    then: Callable[[Shop], object] = id,
    told: Callable[[AnyOutcome], bool] = bool,
) -> Compared:
    """What the twin says where this happens, then something to the books, and this much is told."""
    log = [
        Record(0, offset, event.occurred_at_ms, event.session_id.encode(), encode(event))
        for offset, event in enumerate(events)
    ]
    books = recompute(SETTINGS, log, {}, make)
    assert books.shop is not None
    then(books.shop)
    outcomes = [one for one in books.outcomes.values() if told(one)]
    published = [Record(0, n, 0, b"", one.to_json()) for n, one in enumerate(outcomes)]
    return judged_by_twin(SETTINGS, log, published, books, make)


def with_bread(session_id: str, quantity: int) -> Callable[[Shop], object]:
    """The basket of a session holds so much bread, whatever happened."""

    def change(shop: Shop) -> None:
        session = shop.sessions[0].find(session_id)
        assert session is not None
        session.basket["bread"] = quantity

    return change


def test_a_session_that_was_lightened_is_named_and_what_follows_from_it_is_left_out() -> None:
    """The shop has a jam that the twin has not, and says so; all else is as the twin has it."""
    beside = judged([*heavy(), *light()])

    assert "EXACT" == beside.word
    assert {"heavy": ("looked", "taken", "taught")} == beside.lightened
    assert "baskets of 'heavy': {'jam': 1, 'bread': 2}, not {'bread': 2}" in beside.left_out
    assert all("light" not in sentence for sentence in beside.left_out)


def test_where_no_session_was_lightened_nothing_is_left_out() -> None:
    """The same story with less in between."""
    assert Compared([], [], {}) == judged(light())


@pytest.mark.parametrize("quantity", [1, 3])
def test_the_basket_of_a_session_that_was_not_lightened_is_judged(quantity: int) -> None:
    """Whether it holds more or less than it must, and though another one was lightened."""
    beside = judged([*heavy(), *light()], then=with_bread("light", quantity))

    assert "LESS" == beside.word
    assert [f"baskets of 'light': {{'bread': {quantity}}}, not {{'bread': 2}}"] == beside.sentences


def test_the_basket_of_a_lightened_session_holds_no_less_than_the_twin_says() -> None:
    """What it lets go makes an add count, never something disappear."""
    beside = judged([*heavy(), *light()], then=with_bread("heavy", 1))

    assert ["baskets of 'heavy': {'jam': 1, 'bread': 1}, not {'bread': 2}"] == beside.sentences


def test_one_that_let_go_of_nothing_that_moves_its_basket_is_judged_as_all_others() -> None:
    """What it has looked at alone."""
    story = Story("heavy")
    events = [*busy(story)[:-3], *(story.view("look-0") for _ in range(4)), story.add("bread")]
    beside = judged(events, then=with_bread("heavy", 3))

    assert {"heavy": ("looked",)} == beside.lightened
    assert ["baskets of 'heavy': {'bread': 3}, not {'bread': 1}"] == beside.sentences


def deaf(settings: Settings) -> Shop:
    """A shop that takes nothing out."""
    shop = Shop(settings)
    shop._handlers[ItemRemoved] = lambda _session, _event: None
    return shop


def adding_twice(settings: Settings) -> Shop:
    """A shop in which each add counts twice."""
    shop = Shop(settings)
    add = shop._handlers[ItemAdded]

    def twice(session: Session, event: ItemAdded) -> None:
        add(session, event)
        session.add(event)

    shop._handlers[ItemAdded] = twice
    return shop


@pytest.mark.parametrize(("wrong", "whose"), [(deaf, "light"), (adding_twice, "heavy")])
def test_a_shop_that_is_wrong_is_less_whoever_was_lightened(
    wrong: Callable[[Settings], Shop], whose: str
) -> None:
    """It is as wrong without the bound: that is no excuse, for a lightened session either."""
    beside = judged([*heavy(), *light()], make=wrong)

    assert any(one.startswith(f"baskets of '{whose}': ") for one in beside.sentences)


def test_what_comes_of_a_prompt_that_a_lightened_session_has_forgotten_is_left_out() -> None:
    """It refuses the click; the twin, and a shop without the bound, count it."""
    kept, gone = (judged(clicked_late(between)) for between in (nothing, shopping))

    assert Compared([], [], {}) == kept
    assert "EXACT" == gone.word
    assert "impressions" in gone.lightened["prompted"]
    assert any("clicked: was not published" in sentence for sentence in gone.left_out)


def test_an_outcome_of_a_lightened_session_that_is_lost_is_said() -> None:
    """It had not forgotten anything when that prompt was shown."""

    def but_shown(outcome: AnyOutcome) -> bool:
        return not (isinstance(outcome, Outcome) and outcome.stage == "shown")

    beside = judged(clicked_late(shopping), told=but_shown)

    assert PROMPTS == len(beside.sentences)
    assert all(sentence.endswith("shown: was not published") for sentence in beside.sentences)


def met_once_more(shop: Shop) -> None:
    """The shop has counted a basket of tea and milk that never was."""
    for others, item_id in [((), "tea"), (("tea",), "milk")]:
        shop.learned.baskets.learn_one(others, item_id, time_s=NOON_MS / 1000)


def test_counts_of_what_a_lightened_session_never_touched_are_judged() -> None:
    """Neither an item nor a pair of which none of its events says a word follows from it."""
    beside = judged([*heavy(), *of_tea_and_milk()], then=met_once_more)

    assert [
        "items of 'milk': 2, not 1",
        "items of 'tea': 2, not 1",
        "pairs of ['milk', 'tea']: 1, not 0",
    ] == beside.sentences


def test_a_pair_of_which_a_lightened_session_knows_one_item_alone_is_judged() -> None:
    """No two items met in it of which it has not told both."""
    events = [*heavy(), Story("heavy").add("tea", event_id="tea"), *of_tea_and_milk()]

    beside = judged(events, then=met_once_more)

    assert ["items of 'milk': 2, not 1", "pairs of ['milk', 'tea']: 1, not 0"] == beside.sentences


def test_counts_follow_from_what_its_visitor_did_in_other_sessions() -> None:
    """A session goes on with the basket of another one of its visitor, and with its items."""
    before = Story("before", visitor_id="v")
    bread = before.add("bread")
    after = Story("heavy", visitor_id="v", start_ms=before.now_ms)
    late = after.add("jam")
    events = [bread, after.remove("jam"), *busy(after), late, after.order("bread", "jam")]

    beside = judged(events)

    assert "EXACT" == beside.word
    assert beside.lightened


@pytest.mark.parametrize("views", [0, AT_ONCE])
@pytest.mark.parametrize(("first", "jams"), [(0, 4), (1, 1)])
def test_what_counts_again_once_its_id_is_forgotten_is_left_out(
    first: int, jams: int, views: int
) -> None:
    """Add and removal, or the removal alone; though in the end the same ids are known."""
    beside = judged(sent_again(first, views=views))

    assert "EXACT" == beside.word
    assert "seen" in beside.lightened["again"]
    (basket,) = (one for one in beside.left_out if one.startswith("baskets of 'again': "))
    ours, theirs = basket.split(", not ")
    assert (f"'jam': {jams}," in ours, "'jam': 2," in theirs) == (True, True)


def test_an_item_that_nobody_told_is_in_no_basket_for_that() -> None:
    """What a lightened session has let go brings nothing that it never had."""

    def with_caviar(shop: Shop) -> None:
        session = shop.sessions[0].find("again")
        assert session is not None
        session.basket["caviar"] = 1

    beside = judged(sent_again(0), then=with_caviar)

    assert "LESS" == beside.word
    assert all(one.startswith("baskets of 'again': ") for one in beside.sentences)


def test_whoever_forgot_ids_and_was_sent_nothing_again_has_the_basket_of_the_twin() -> None:
    """It is named, and what is left out is what its basket has not taught."""
    beside = judged(at_once(Story("again")))

    assert "EXACT" == beside.word
    assert "seen" in beside.lightened["again"]
    assert not any(one.startswith("baskets") and "'again'" in one for one in beside.left_out)
