"""A checkpoint of other settings: what fits is taken over, and nothing is learned twice."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import pytest

from streams.clients.checkpoints.adoption import Adopted, adopted, relearned
from streams.clients.log_reader import Partition, RawRecord
from streams.contract.errors import CheckpointRefused, KafkaUnreachable
from streams.contract.events import Event, encode
from streams.contract.settings import Settings
from streams.shop.checkpoint import Checkpoint, LogExtent, check, differing, packed, read, restored
from streams.shop.format.meaning import NewShop
from streams.shop.shop import Shop
from tests.stories import NOON_MS, OPEN, Story, Till

LOG = LogExtent("cluster-1", begins={0: 0}, ends={0: 1_000}, younger={})
DAY_S = 86_400.0


class TapedLog:
    """A log of one partition, of which the beginning may be gone."""

    def __init__(
        self, events: Sequence[Event], begin: int = 0, markers: Sequence[int] = ()
    ) -> None:
        self.partitions = [Partition("goeswith.events", 0)]
        self._events, self._begin, self._markers = events, begin, markers
        self.read: list[int] = []

    def begins(self) -> dict[Partition, int]:
        """The first offset that is there."""
        return {self.partitions[0]: self._begin}

    def between(self, since: Any, upto: Any) -> Iterator[RawRecord]:
        """The records between two offsets."""
        at = self.partitions[0]
        for offset in sorted({*range(since[at], upto[at])}.difference(self._markers)):
            event = self._events[offset]
            key, value = event.session_id.encode(), encode(event)
            self.read.append(offset)
            yield RawRecord(at, offset, event.occurred_at_ms, key, value, [])


class NoLog(TapedLog):
    """One that cannot be read."""

    def begins(self) -> dict[Partition, int]:
        """Kafka is away."""
        raise KafkaUnreachable("Kafka is away")


def busy(**settings: Any) -> Till:
    """A shop of two weeks: things bought together and again, returned, offered, clicked."""
    till = Till(**settings)
    for day in range(14):
        start_ms = NOON_MS - (14 - day) * 86_400_000
        for number, items in enumerate((("bread", "butter"), ("tea", "milk"), ("bread", "jam"))):
            story = Story(f"d{day}-{number}", start_ms=start_ms + number, shopper_id=f"p{number}")
            for item in items:
                till.serve(story.view(item))
                till.serve(story.add(item))
            till.serve(story.order(*items))
        if day % 5 == 4:
            till.serve(story.send_back("jam"))
    for number in range(6):
        story = Story(f"now-{number}", start_ms=NOON_MS + 1_000 * number, shopper_id="ada")
        prompt = till.prompt(story.view("bread"))
        till.serve(story.see(prompt))
        if number % 2:
            till.serve(story.click(prompt))
            till.serve(story.add(prompt.items[0].item_id))
            till.serve(story.order(prompt.items[0].item_id))
    return till


TILL = busy()
LEARNED = ("baskets", "browsing", "repeats", "popularity", "policy")


def kept(shop: Shop) -> Checkpoint:
    """The checkpoint of a shop."""
    return read(packed(shop, cluster=LOG.cluster, now_ms=NOON_MS, made_by="worker-1")[1])


def adopting(
    log: TapedLog | None = None,
    *,
    checkpoint: Checkpoint | None = None,
    new: NewShop = Shop,
    **changed: Any,
) -> Adopted:
    """What comes of the checkpoint under changed settings."""
    settings = Settings(**{**OPEN, **changed})
    checkpoint = checkpoint or kept(TILL.shop)
    other = differing(checkpoint.header, settings, LOG, new)
    assert other
    reader: Any = log or NoLog([])
    return adopted(checkpoint, settings, other, lambda: nullcontext(reader), new)


def folded(**changed: Any) -> Shop:
    """What a fold of the whole log gives under changed settings."""
    shop = Shop(Settings(**{**OPEN, **changed}))
    for offset, event in enumerate(TILL.served):
        shop.learn(0, offset, event)
    return shop


def test_a_model_that_is_switched_on_learns_from_the_log_and_all_others_stay() -> None:
    """Up to the offset where the others stand, and not a record further."""
    log = TapedLog([*TILL.served, Story("later").view("salt")])
    shop, fates = adopting(log, best_fit=True)
    whole = folded(best_fit=True)

    assert {"fit"} == fates.keys()
    assert f"learned anew from {len(TILL.served)} of {len(TILL.served)} records" in fates["fit"]
    assert whole.state()["fit"] == shop.state()["fit"]
    assert {name: TILL.shop.digests()[name] for name in LEARNED} == {
        name: shop.digests()[name] for name in LEARNED
    }
    assert whole.digests() == shop.digests()  # that of sessions has the paths that were begun
    assert {} == shop.adopted


def test_what_is_adopted_goes_on_where_it_stood() -> None:
    """An offset below that is in already."""
    shop, _ = adopting(TapedLog(TILL.served), best_fit=True)
    end = len(TILL.served)

    assert "repeated" == shop.learn(0, end - 1, TILL.served[-1])
    assert "folded" == shop.learn(0, end, Story("later").view("bread"))


def test_no_more_of_the_log_is_read_than_a_worker_can_wait_for() -> None:
    """The latest records; and where retention was faster, those that are there."""
    log, late = TapedLog(TILL.served), TapedLog(TILL.served, begin=len(TILL.served) - 3)
    position = {0: len(TILL.served)}

    assert 10 == relearned(Shop(Settings(**OPEN)), log, position, records_max=10)  # type: ignore[arg-type]
    assert list(range(len(TILL.served) - 10, len(TILL.served))) == log.read
    assert 3 == relearned(Shop(Settings(**OPEN)), late, position, records_max=10)  # type: ignore[arg-type]


def test_offsets_that_the_log_does_not_hold_are_stepped_over() -> None:
    """Markers of transactions: what comes behind them is learned all the same."""
    markers = {3, 4, 50}
    log, position = TapedLog(TILL.served, markers=[*markers]), {0: len(TILL.served)}
    shop = Shop(Settings(**OPEN))

    assert len(TILL.served) - 3 == relearned(shop, log, position)  # type: ignore[arg-type]
    assert position == shop.position


def test_without_a_log_what_is_new_begins_with_nothing_and_says_so() -> None:
    """All else is there."""
    shop, fates = adopting(NoLog([]), best_fit=True)

    assert "begins with nothing, the log could not be read (Kafka is away): new" == fates["fit"]
    assert TILL.shop.digests().items() <= shop.digests().items()


def test_a_model_that_is_switched_off_is_left_behind() -> None:
    """And nothing is read for it."""
    shop, fates = adopting(checkpoint=kept(folded(best_fit=True)))

    assert {"fit"} == fates.keys()
    assert TILL.shop.digests() == shop.digests()


def test_another_half_life_of_popularity_keeps_what_it_says_now() -> None:
    """Each item's share, at the latest event; it is named, and left out of digests."""
    shop, fates = adopting(popularity_half_life_s=3 * DAY_S)
    before, after = TILL.shop.learned.popularity, shop.learned.popularity
    shares = {one.item: one.score for one in before.recommend((), 9)}

    assert {"popularity"} == fates.keys() == shop.adopted.keys()
    assert "converted: popularity.half_life_s was 1209600.0, is 259200.0" == fates["popularity"]
    assert shares == pytest.approx({one.item: one.score for one in after.recommend((), 9)})
    assert [one.together for one in before.recommend((), 9)] == [
        one.together for one in after.recommend((), 9)
    ]
    assert TILL.shop.digests().keys() - shop.digests().keys() == {"popularity"}


def test_what_was_converted_fades_by_the_new_half_life() -> None:
    """What sells from now on outweighs it sooner."""
    shares = []
    for half_life_s in (3 * DAY_S, 14 * DAY_S):
        till = Till(popularity_half_life_s=half_life_s)
        if half_life_s != 14 * DAY_S:
            till.shop = adopting(popularity_half_life_s=half_life_s).shop
        else:
            till.shop = restored(kept(TILL.shop), Settings(**OPEN))
        till.serve(Story("later", start_ms=NOON_MS + 6 * 86_400_000).add("salt"))
        shares.append(
            {one.item: one.score for one in till.shop.learned.popularity.recommend((), 9)}
        )

    assert shares[0]["salt"] > 2 * shares[1]["salt"]


def test_what_is_no_fold_stays_named_in_every_checkpoint_that_follows() -> None:
    """A worker that starts from one says so, too; and a digest leaves it out."""
    settings = Settings(**OPEN, popularity_half_life_s=3 * DAY_S)
    shop, _ = adopting(popularity_half_life_s=3 * DAY_S)
    checkpoint = kept(shop)
    check(checkpoint.header, settings, LOG)
    again = restored(checkpoint, settings)

    assert shop.adopted == again.adopted == checkpoint.header.adopted
    assert shop.digests() == again.digests() == checkpoint.header.digests
    assert {"all": 1} == checkpoint.header.left_out["popularity"]
    assert shop.state() == again.state()


def test_pairs_of_another_half_life_rank_as_they_did() -> None:
    """By what they are worth at the latest event; counts of evidence do not fade at all."""
    shop, fates = adopting(pair_half_life_s=5 * DAY_S)
    for item in ("bread", "tea", "jam"):
        before = TILL.shop.learned.baskets.recommend([item], 5)
        after = shop.learned.baskets.recommend([item], 5)

        assert [(one.item, one.together, one.of) for one in before] == [
            (one.item, one.together, one.of) for one in after
        ]
        assert [one.score for one in before] == pytest.approx([one.score for one in after], 1e-3)

    assert {"baskets", "browsing", "repeats"} == fates.keys()
    assert {"baskets", "browsing"} == shop.adopted.keys()


def test_purchases_of_another_half_life_are_what_a_fold_would_have() -> None:
    """Their times are known."""
    shop, _ = adopting(pair_half_life_s=5 * DAY_S)
    whole = folded(pair_half_life_s=5 * DAY_S)

    assert whole.state()["repeats"] == shop.state()["repeats"]
    assert whole.digests()["repeats"] == shop.digests()["repeats"]


@pytest.mark.parametrize(
    "changed",
    [
        {"reward_clicked": 0.3},
        {"reward_added": 0.7},
        {"reward_bought": 0.8},
        {"arm_half_life_s": 3 * DAY_S},
        {"arm_window_s": 3_600.0},
        {"arm_policy": "factors", "reward_clicked": 0.3},
    ],
    ids=str,
)
def test_a_bandit_of_other_rewards_is_what_a_fold_would_have(changed: dict[str, Any]) -> None:
    """As far as sessions remember its prompts: here all of them, so that digests have it."""
    shop, fates = adopting(**changed)
    whole = folded(**changed)

    assert fates["policy"].startswith("taught again by 6 of its 6 prompts: ")
    assert whole.state()["policy"] == shop.state()["policy"]
    assert {} == shop.adopted


def test_a_bandit_whose_prompts_are_not_all_remembered_is_no_fold() -> None:
    """It says by how many it was taught."""
    till = Till(sessions_max=2)
    till.teach("bread", "butter")
    for number in range(4):
        story = Story(f"now-{number}", start_ms=NOON_MS + 1_000 * number)
        till.serve(story.see(till.prompt(story.view("bread"))))
    shop, fates = adopting(checkpoint=kept(till.shop), sessions_max=2, reward_clicked=0.3)

    assert "taught again by 2 of its 4 prompts: reward_clicked was 0.1, is 0.3" == fates["policy"]
    assert {"policy"} == shop.adopted.keys()
    assert "policy" not in shop.digests()


@pytest.mark.parametrize(
    "changed",
    [
        {"arm_mode": "identify"},
        {"arm_policy": "factors"},
        {"purchase_window_s": 3_600.0},
        {"attribution_window_s": 60.0},
        {"session_gap_s": 60.0},
        {"event_bytes_max": 4_096},
        {"rank_learning_share": 0.5},
        {"partitions": 16},
    ],
    ids=str,
)
def test_what_does_not_touch_a_sum_costs_none(changed: dict[str, Any]) -> None:
    """All of it is taken over as it is; only arguments are those of today."""
    shop, _ = adopting(**changed)
    before, after = TILL.shop.state(), shop.state()
    for name in ("position", "sessions", *LEARNED):
        before[name].pop("params", None)
        after[name].pop("params", None)

    assert before == after
    assert {} == shop.adopted
    assert shop.digests().keys() == TILL.shop.digests().keys()


def test_partitions_that_were_added_begin_at_nothing() -> None:
    """As in a fold of the log: equal digests. The log of fewer is another one."""
    shop, _ = adopting(partitions=16)

    assert folded(partitions=16).digest() == shop.digest()
    assert "folded" == shop.learn(9, 0, Story("later").view("bread"))
    with pytest.raises(CheckpointRefused, match="partitions was 8, is 4") as refused:
        adopting(partitions=4)
    assert "settings" == refused.value.reason


def test_a_smaller_bound_lets_the_lightest_leave() -> None:
    """Of items, partners, shoppers and sessions."""
    till = Till()
    for number in range(12):
        till.teach(*(f"item-{each}" for each in range(number + 1)), times=1)
    bounds: dict[str, Any] = {"items_max": 10, "pairs_per_item_max": 4, "sessions_max": 5}
    shop, fates = adopting(checkpoint=kept(till.shop), **bounds)
    sizes = shop.tables()

    assert {"baskets", "browsing", "popularity"} == fates.keys()
    assert all(size.held <= size.at_most for size in sizes.values())
    assert ["item-0", "item-1"] == shop.learned.popularity.top(2)
    assert sizes["sessions"].forgot
    assert 5 == sizes["sessions"].held


def test_adds_of_another_weight_are_mixed_with_those_before() -> None:
    """Which is said, and kept out of digests: to take one back takes another weight."""
    shop, fates = adopting(add_weight=7.0)

    assert {"popularity"} == fates.keys() == shop.adopted.keys()
    assert fates["popularity"].startswith("mixed: add_weight was ")
    assert "popularity" not in shop.digests()
    assert TILL.shop.learned.popularity.top(9) == shop.learned.popularity.top(9)


def test_what_all_parts_lean_on_must_be_readable() -> None:
    """Sessions of a version that is not known here: nobody knows what they have taught."""
    checkpoint = kept(TILL.shop)
    meaning = {**checkpoint.header.meaning, "sessions": '"SessionsByPartition 9"'}
    later = checkpoint._replace(header=checkpoint.header.model_copy(update={"meaning": meaning}))

    with pytest.raises(CheckpointRefused, match='sessions was "SessionsByPartition 9"') as refused:
        adopting(checkpoint=later, best_fit=True)
    assert "settings" == refused.value.reason


def test_a_part_of_another_version_is_learned_anew() -> None:
    """It is named, with its version, and left out of digests; all others are as they were."""
    checkpoint = kept(TILL.shop)
    meaning = {**checkpoint.header.meaning, "popularity": '"Popularity 0"'}
    older = checkpoint._replace(header=checkpoint.header.model_copy(update={"meaning": meaning}))
    shop, fates = adopting(TapedLog(TILL.served), checkpoint=older)

    assert 'popularity was "Popularity 0", is "Popularity 1"' in fates["popularity"]
    assert {"popularity"} == shop.adopted.keys()
    assert TILL.shop.state() == shop.state()
    assert TILL.shop.digests().keys() - shop.digests().keys() == {"popularity"}


def test_a_bandit_of_another_version_is_taught_again() -> None:
    """It needs no log."""
    checkpoint = kept(TILL.shop)
    meaning = {**checkpoint.header.meaning, "policy": '"Epsilon 1"'}
    older = checkpoint._replace(header=checkpoint.header.model_copy(update={"meaning": meaning}))
    shop, fates = adopting(checkpoint=older)

    assert fates["policy"].startswith("taught again by 6 of its 6 prompts: policy was ")
    assert TILL.shop.state() == shop.state()
