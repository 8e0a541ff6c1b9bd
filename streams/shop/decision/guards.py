"""Guards (eligibility rules): may we prompt, and which items must not be offered?

Guards only ever take away: an item that fits but annoys is not worth its margin.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from streams.contract.events import Event
from streams.contract.settings import Settings
from streams.shop.memory.answer import Silence
from streams.shop.memory.learned import Learned
from streams.shop.memory.orders.reward.returned_shares import ReturnedShares
from streams.shop.memory.orders.slot_tally import OWN_BUDGET, dismissals, tally
from streams.shop.memory.pending_prompts import PendingPrompt
from streams.shop.memory.session import Session
from streams.shop.people.context import late


class Budget(NamedTuple):
    """What a visit was shown where a slot belongs to, and what is allowed there."""

    shown: int
    last_shown_ms: int
    dismissals: int
    prompts_max: int
    cool_down_s: float


def budget(session: Session, slot: str, settings: Settings) -> Budget:
    """The budget of a slot: its own, or the one that `product_page` and `basket` share."""
    tallies, dismissed = session.tallies, session.dismissals
    if tallies or slot in OWN_BUDGET:
        dismissed = dismissals(tallies, slot, dismissed)
    if slot not in OWN_BUDGET:
        most, pause_s = settings.prompts_per_session_max, settings.cool_down_s
        return Budget(session.shown, session.last_shown_ms, dismissed, most, pause_s)
    caps = {
        "checkout": settings.checkout_prompts_max,
        "post_purchase": settings.post_purchase_prompts_max,
        "upgrade": settings.upgrade_prompts_max,
    }
    own, pause_s = tally(tallies, slot), settings.slot_cool_down_s
    return Budget(own.shown, own.last_shown_ms, dismissed, caps[slot], pause_s)


def silenced(
    session: Session,
    event: Event,
    pending: Sequence[PendingPrompt],
    settings: Settings,
    slot: str = "basket",
    before: Collection[str] = (),
) -> Silence | None:
    """Why we must not speak to this session in this slot now; None when we may.

    `pending` are prompts to the session that are not shown yet: they count like impressions. So do
    those for the slots of this event that were answered `before`, but no pause follows them.
    """
    if late(event, settings) or session.of_before:
        return Silence("late")
    if session.in_checkout and slot != "checkout":
        return Silence("checkout")
    if session.assignment is not None and session.assignment.held_out:
        return Silence("holdout")
    allowed = budget(session, slot, settings)
    if allowed.dismissals >= settings.dismissals_max:
        return Silence("dismissed")
    beside = sum(same_budget(other, slot) for other in before) if before else 0
    left = allowed.prompts_max - allowed.shown - beside
    if left > len(pending) and not allowed.cool_down_s:
        return None  # whichever of them count
    unseen = unseen_ms(session, event, pending, slot)
    if len(unseen) >= left:
        return Silence("session_cap")
    if pause_left_ms(event, unseen, allowed) > 0:
        return Silence("cool_down")
    return None


def same_budget(slot: str, other: str) -> bool:
    """Whether prompts in these two slots count together."""
    return slot == other or not (slot in OWN_BUDGET or other in OWN_BUDGET)


def unseen_ms(
    session: Session, event: Event, pending: Sequence[PendingPrompt], slot: str = "basket"
) -> list[int]:
    """When the living prompts of this visit were caused that are not shown yet, in a slot's budget.

    But the event's own: what has expired by now will not be shown, and does not count.
    """
    cause, now_ms = event.event_id, event.received_at_ms
    impressions, began_ms = session.impressions, session.started_ms
    return [
        at_ms
        for prompt_id, _, caused_by, at_ms, until_ms, of_slot in pending
        if until_ms > now_ms
        and at_ms >= began_ms
        and caused_by != cause
        and prompt_id not in impressions
        and (of_slot == slot or same_budget(of_slot, slot))
    ]


def pause_left_ms(event: Event, unseen: Sequence[int], allowed: Budget) -> float:
    """How much of the pause (cool-down) after the last prompt was left; none: 0 or less."""
    pause_ms: float = allowed.cool_down_s * 1000 * 2**allowed.dismissals
    if not pause_ms:
        return 0.0
    last_ms = max(unseen, default=allowed.last_shown_ms)
    return pause_ms - (event.occurred_at_ms - max(last_ms, allowed.last_shown_ms))


def excluded(
    session: Session, anchor: str, *, just_bought: set[str], staples: Sequence[str]
) -> set[str]:
    """The items that must not be offered to this session now.

    What is in the basket, what asked, what was bought in this visit or a short while ago, what was
    taken out of the basket in this visit, what the shopper sent away (of the prompts that the
    session remembers), and (a setting) the staples that people buy anyway.
    """
    items = just_bought.union(session.basket, staples)
    items.add(anchor)
    if session.taken:
        items.update(session.taken_in_this_visit())
    for impression in session.impressions.values():
        if any(fact.at_ms > session.moments.parted_ms for fact in impression.of("dismissed")):
            items.update(impression.receipt.items)
    return items


def kept_out(
    session: Session,
    anchor: str,
    time_s: float,
    learned: Learned,
    settings: Settings,
    returned: ReturnedShares | None = None,
    ordered: Sequence[str] = (),
) -> set[str]:
    """The items that guards keep from this session now, by what it and its shopper have bought.

    `ordered`: what the event that asks has ordered; `returned`: what comes back too often.
    """
    just_bought, shopper_id = {*ordered}, session.shopper_id
    recalls = shopper_id is not None and settings.just_bought_s
    if session.bought or recalls:
        since_s = min(time_s - settings.just_bought_s, session.started_ms // 1000)
        just_bought |= session.bought_since(1000 * since_s)
        if shopper_id is not None and recalls:
            just_bought |= learned.repeats.bought_since(shopper_id, since_s)
    withheld = settings.staples_withheld
    staples: Sequence[str] = learned.popularity.top(withheld) if withheld else ()
    if returned is not None:
        staples = (*staples, *returned.often_back)
    return excluded(session, anchor, just_bought=just_bought, staples=staples)
