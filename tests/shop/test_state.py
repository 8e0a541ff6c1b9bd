"""The state of a shop: what is kept, what must agree, and what is refused."""

import json

import pytest

from models import SnapshotError
from streams.shop.shop import Shop
from streams.shop.state import digest, digests, left_out, restore
from tests.stories import Story, Till


def busy() -> Till:
    """A shop in which everything that can be folded has happened once."""
    shop, story = Till(), Story(shopper_id="ann")
    shop.teach("bread", "butter")
    prompt = shop.prompt(story.view("bread"))
    item = prompt.items[0].item_id
    for event in (
        story.see(prompt),
        story.click(prompt),
        story.add(item, receipt=prompt.receipt),
        story.order(item),
        story.check_out(),
    ):
        shop.serve(event)
    other = shop.prompt(Story("s2").view("bread"))
    shop.serve(Story("s2", start_ms=story.now_ms).dismiss(other))
    return shop


def test_a_shop_goes_on_from_its_state() -> None:
    """Every part of it: what was shown, to whom, and what it earned."""
    shop = busy().shop
    woken = Shop(shop.settings)
    restore(woken.parts(), json.loads(json.dumps(shop.state())))

    assert shop.state() == woken.state()
    assert shop.digest() == woken.digest()
    assert shop.position == woken.position
    assert list(shop.sessions) == list(woken.sessions)


def test_after_a_restart_an_add_is_still_the_prompts_doing() -> None:
    """The session remembers its prompts, their receipts and their stages."""
    shop, story = Till(), Story()
    shop.teach("bread", "butter")
    prompt = shop.prompt(story.view("bread"))
    for event in (story.see(prompt), story.click(prompt)):
        shop.serve(event)
    woken = Till()
    restore(woken.shop.parts(), json.loads(json.dumps(shop.shop.state())))
    (outcome,) = woken.serve(story.add(prompt.items[0].item_id)).outcomes

    assert ("added", prompt.prompt_id) == (outcome.stage, outcome.prompt_id)


@pytest.mark.parametrize("change", ["missing", "more"])
def test_a_state_of_another_shop_is_refused(change: str) -> None:
    """The parts on one side only are named."""
    shop, state = Till().shop, Till().shop.state()
    if change == "missing":
        del state["baskets"]
    else:
        state["astrology"] = {}

    with pytest.raises(SnapshotError, match="baskets" if change == "missing" else "astrology"):
        restore(shop.parts(), state)


@pytest.mark.parametrize(
    ("part", "nonsense"),
    [
        ("position", ["0"]),
        ("position", {"zero": 1}),
        ("position", {"0": None}),
        ("position", {"0": float("inf")}),
        ("sessions", {"0": [1, [["s1"]]]}),
        ("sessions", {"0": 5}),
    ],
)
def test_nonsense_is_refused_by_name(part: str, nonsense: object) -> None:
    """Whatever is wrong with it."""
    state = Till().shop.state()
    state[part] = nonsense

    with pytest.raises(SnapshotError, match=r"no state of (Positions|SessionsByPartition)"):
        restore(Till().shop.parts(), state)


def test_a_partition_at_its_beginning_goes_without_saying() -> None:
    """To have heard of it is no difference between two workers."""
    one, other = Till().shop, Till().shop
    other.start(5, 0)

    assert one.digest() == other.digest()


def test_a_difference_is_found_in_its_part_alone() -> None:
    """Equal digests, equal parts; one that differs changes the whole."""
    one, other = busy().shop, busy().shop
    assert one.digest() == other.digest()
    other.learned.popularity.learn_one((), "bread", time_s=Story().now_ms / 1000)
    unlike = {name for name, found in one.digests().items() if found != other.digests()[name]}

    assert {"popularity"} == unlike
    assert one.digest() != other.digest()
    assert digest(one.digests()) == one.digest()


def test_workers_that_have_read_less_or_otherwise_do_not_agree() -> None:
    """The position tells how far they are, the sessions what they have seen."""
    one, behind, other = Till(), Till(), Till()
    one.serve(Story().view("bread"))
    other.serve(Story().view("butter"))
    behind.shop.start(0, 0)
    digests = [till.shop.digests() for till in (one, behind, other)]

    assert digests[0]["position"] != digests[1]["position"]
    assert digests[0]["position"] == digests[2]["position"]
    assert 3 == len({each["sessions"] for each in digests})


def test_what_does_not_commute_is_left_out_whole_and_named() -> None:
    """The learned ranker; nothing else of a shop that forgot nothing."""
    shop = Till(best_fit=True).shop

    assert {"fit": {"all": 1}} == left_out(shop.parts())
    assert "fit" not in digests(shop.parts())
    assert {
        "position",
        "sessions",
        "policy",
        "baskets",
        "browsing",
        "repeats",
        "popularity",
    } == set(digests(shop.parts()))


def test_denials_of_which_some_had_to_leave_are_left_out_and_counted() -> None:
    """Which of them left depends on which came first; as long as all are there, all agree."""
    shop = Till(shoppers_max=1)
    shop.serve(Story("s1").forget("ann"))
    assert "sessions" not in left_out(shop.shop.parts())
    shop.serve(Story("s2").forget("bob"))

    assert {"denials": 1} == left_out(shop.shop.parts())["sessions"]


def test_denials_and_who_is_signed_in_agree_as_long_as_all_denials_are_there() -> None:
    """Whose denial had to leave may be known to one worker and not to another."""
    shop = Till(shoppers_max=2)

    def agreed() -> tuple[bool, str | None]:
        state = shop.shop.parts()["sessions"].exact_state()
        return "denials" in state, state["0"][1][0][3][0]

    shop.serve(Story("s1", shopper_id="ann").view("bread"))
    assert (False, "ann") == agreed()
    shop.serve(Story("s2").forget("bob"))
    assert (True, "ann") == agreed()
    for number, who in enumerate(("eve", "dan")):
        shop.serve(Story(f"s{3 + number}").forget(who))

    assert (False, None) == agreed()


def test_what_orders_teach_agrees_until_one_was_forgotten_and_a_return_has_waited() -> None:
    """Then a worker may have found what another one missed; views and sessions agree for ever."""
    shop = Till()
    everything = {*digests(shop.shop.parts())}
    shop.serve(Story("s1").order("bread", order_id="o-1"))
    shop.shop.sessions[0].orders.orders_max = 1
    shop.serve(Story("s2").order("bread", order_id="o-2"))
    assert everything == {*digests(shop.shop.parts())}
    shop.serve(Story("s3").send_back("bread", order_id="o-1"))

    assert {"position", "sessions", "browsing"} == {*digests(shop.shop.parts())}
