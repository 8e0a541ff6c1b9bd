"""What a shop has learned: the table of learners, how they are set up, and what teaches them.

To add one: its entry in `LEARNERS`. `streams.shop.memory.teaching` says what each word means.
"""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from models import BestFit, CoOccurrence, Popularity, Repeats
from streams.contract.events import Event, ItemAdded, ItemViewed, OrderLine
from streams.contract.settings import Settings
from streams.shop.memory.orders.order import Order
from streams.shop.memory.session import Session
from streams.shop.memory.taught import Lesson
from streams.shop.memory.teaching import Learner
from streams.shop.people.hash_sampling import sampled


class Learned(SimpleNamespace):
    """What the shop has learned, for the arms to draw on: the model of each learner, by its name.

    None where the settings do not ask for it.

    >>> new_recommenders(Settings()).popularity.recommend((), 3)
    []
    """


POPULARITY_PENALTY = 0.3
"""How much popularity counts against a companion: 0 offers what sells anyway, 1 what is odd.

Hit rates alone would have it near 0.1 (people buy what sells anyway), but then the offers of a shop
in which half of the baskets hold milk are milk: of the demo's 25 staples, 16 to 21 get a true
complement at 0.1, 24 at 0.2, and all of them from 0.3 on.
"""


VIEW_WINDOW = 6
"""How many views back a view is paired: ten find no more (on clicks of a web shop the next new item
is among twenty offered in 57 % of cases, either way), and cost a third more to learn.
"""


def visit(session: Session) -> str:
    """How a learner knows a visit: after a pause, or with another one there, it is another."""
    return f"{session.session_id} {max(session.started_ms, session.moments.parted_ms)}"


# What items are bought together


def _baskets(settings: Settings) -> CoOccurrence:
    return CoOccurrence(**_pairs(settings), context_items=4, popularity_norm=POPULARITY_PENALTY)


def _pairs(settings: Settings) -> dict[str, Any]:
    """The arguments that are the same for what is bought and for what is viewed together."""
    return {
        "half_life_s": settings.pair_half_life_s,
        "row_max": settings.pairs_per_item_max,
        "items_max": settings.items_max,
        "context_decay": 0.6,
        "row_norm": 0.5,
        "together_min": settings.together_min,
        "lift_z_min": settings.lift_z_min,
    }


def _meet(model: CoOccurrence, _settings: Settings, lesson: Lesson, time_s: float) -> None:
    if lesson.first:
        model.learn_one(lesson.others, lesson.item_id, time_s=time_s, begins=lesson.begins)
    else:
        model.learn_meetings(lesson.others, lesson.item_id, time_s=time_s)


def _unmeet(model: CoOccurrence, _settings: Settings, lesson: Lesson, time_s: float) -> None:
    begins, alone = lesson.begins, not lesson.first
    model.unlearn_one(lesson.others, lesson.item_id, time_s=time_s, begins=begins, alone=alone)


# What is added after what: sequential rules, where somebody asks for what is worth most


def _sequences(settings: Settings) -> CoOccurrence | None:
    """A table of pairs in which each item has two names: in one of them it comes `after` another.

    So the counts of an order are apart from those of the other one, and all the laws of pairs hold.
    """
    if not settings.best_worth:
        return None
    return CoOccurrence(**{**_pairs(settings), "items_max": 2 * settings.items_max})


def before(item_id: str) -> str:
    """What an item is called where another one comes after it.

    >>> before("bread"), after("bread")
    ('<bread', '>bread')
    """
    return f"<{item_id}"


def after(item_id: str) -> str:
    """What an item is called where it comes after another one."""
    return f">{item_id}"


def _follow(model: CoOccurrence, _settings: Settings, lesson: Lesson, time_s: float) -> None:
    """It comes after all others that it meets; in both names an item is seen once a basket.

    What a prompt brought comes after nothing: that it was taken when offered is learned of the
    offer, and counted here it would make companions of whatever is offered often. What comes after
    it was wanted anyway.
    """
    earlier, later = [*map(before, lesson.others)], after(lesson.item_id)
    if lesson.first:
        model.learn_one((), before(lesson.item_id), time_s=time_s, begins=lesson.begins)
    if lesson.offered:
        return
    if lesson.first:
        model.learn_one(earlier, later, time_s=time_s, begins=False)
    else:
        model.learn_meetings(earlier, later, time_s=time_s)


def _unfollow(model: CoOccurrence, _settings: Settings, lesson: Lesson, time_s: float) -> None:
    earlier, later, alone = [*map(before, lesson.others)], after(lesson.item_id), not lesson.first
    if lesson.first:
        model.unlearn_one((), before(lesson.item_id), time_s=time_s, begins=lesson.begins)
    model.unlearn_one(earlier, later, time_s=time_s, begins=False, alone=alone)


# What items are viewed together


def _browsing(settings: Settings) -> CoOccurrence:
    return CoOccurrence(
        **_pairs(settings),
        context_items=3,
        popularity_norm=0.2,
        window=VIEW_WINDOW,
        distance_decay=True,
    )


def _view(
    model: CoOccurrence, _settings: Settings, session: Session, item_id: str, time_s: float
) -> None:
    model.learn_one(session.viewed, item_id, time_s=time_s)


# What a shopper buys again


def _repeats(settings: Settings) -> Repeats:
    return Repeats(
        half_life_s=settings.pair_half_life_s,
        shoppers_max=settings.shoppers_max,
        kept_s=settings.personal_ttl_s,
    )


def _buy(model: Repeats, _settings: Settings, order: Order, line: OrderLine) -> None:
    who = () if order.shopper_id is None else (order.shopper_id,)
    model.learn_one(who, line.item_id, time_s=order.time_s, supposed=order.supposed)


def _forget_purchases(model: Repeats, _settings: Settings, shopper_id: str, until_s: int) -> None:
    model.forget(shopper_id, until_s, supposed=True)


def _unbuy(model: Repeats, _settings: Settings, order: Order, item_id: str) -> None:
    if order.shopper_id is not None:
        who, time_s = (order.shopper_id,), order.time_s
        model.unlearn_one(who, item_id, time_s=time_s, supposed=order.supposed)


# What everybody buys: adds and views count, each with its weight


def _popularity(settings: Settings) -> Popularity:
    return Popularity(half_life_s=settings.popularity_half_life_s, items_max=settings.items_max)


def _count_view(
    model: Popularity, settings: Settings, _session: Session, item_id: str, time_s: float
) -> None:
    if weight := settings.view_weight:
        model.learn_one((), item_id, time_s=time_s, weight=weight)


def _count_add(model: Popularity, settings: Settings, lesson: Lesson, time_s: float) -> None:
    if lesson.first and (weight := settings.add_weight):
        model.learn_one((), lesson.item_id, time_s=time_s, weight=weight)


def _uncount_add(model: Popularity, settings: Settings, lesson: Lesson, time_s: float) -> None:
    if lesson.first and (weight := settings.add_weight):
        model.unlearn_one(lesson.item_id, time_s=time_s, weight=weight)


# What comes next in a visit


def _fit(settings: Settings) -> BestFit | None:
    return BestFit(items_max=settings.items_max) if settings.best_fit else None


def _next_item(
    model: BestFit,
    settings: Settings,
    session: Session,
    event: Event,
    thing: ItemViewed | ItemAdded | OrderLine,
) -> None:
    """Counts learn from every step; the ranker from every add and from a share of the views."""
    path, item_id = session.path, thing.item_id
    where, shopper = visit(session), session.shopper_id or ""
    share = settings.rank_learning_share if isinstance(event, ItemViewed) else 1.0
    if sampled(event.identity, share=share):
        held = {*session.basket, *path[-1:]}
        model.learn_rank(path, item_id, exclude=held, session=where, shopper=shopper)
    model.learn_one(
        path,
        item_id,
        time_s=event.time_s,
        session=where,
        shopper=shopper,
        category=thing.category or "",
    )


def _forget_ring(model: BestFit, _settings: Settings, shopper_id: str, _until_s: int) -> None:
    """All of it: a ring keeps no times, and what it taught of items is nobody's."""
    model.forget_shopper(shopper_id)


LEARNERS: tuple[Learner[Any], ...] = (
    Learner(name="baskets", new=_baskets, basket=_meet, basket_back=_unmeet),
    Learner(name="sequences", new=_sequences, basket=_follow, basket_back=_unfollow),
    Learner(name="browsing", new=_browsing, first_view=_view),
    Learner(
        name="repeats",
        new=_repeats,
        purchase=_buy,
        purchase_back=_unbuy,
        forget=_forget_purchases,
    ),
    Learner(
        name="popularity",
        new=_popularity,
        first_view=_count_view,
        basket=_count_add,
        basket_back=_uncount_add,
    ),
    Learner(name="fit", new=_fit, next_item=_next_item, forget=_forget_ring),
)
"""What is learned. The order in which they are taught by one event is that of this table."""


def new_recommenders(settings: Settings, learners: Iterable[Learner[Any]] = LEARNERS) -> Learned:
    """Models that have seen nothing yet."""
    return Learned(**{learner.name: learner.new(settings) for learner in learners})
