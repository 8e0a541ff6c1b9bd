"""What a silence means, and what to do or how long to wait: in a storefront's words."""

from typing import NamedTuple

from streams.cli.printable import many
from streams.contract.events import Event
from streams.contract.settings import Settings
from streams.shop.decision.controls.controls import Controlled
from streams.shop.decision.guards import budget, pause_left_ms, unseen_ms
from streams.shop.memory.answer import SilenceReason
from streams.shop.memory.orders.slot_tally import OWN_BUDGET
from streams.shop.memory.pending_prompts import PendingPrompt
from streams.shop.memory.session import Session

ADVICE: dict[SilenceReason, tuple[str, str]] = {
    "forgotten": (
        "the session had been displaced by others before its event was answered",
        "this event only; a larger GOESWITH_SESSIONS_MAX keeps more of them",
    ),
    "duplicate": (
        "this session had sent an event of this event_id before",
        "this event only; give each event an id of its own",
    ),
    "late": (
        "the broker got it {delay_s:,.0f} s after it happened; {bound_s:,g} are allowed{unsent}",
        "this event only; {look}",
    ),
    "expired": (
        "its prompt would have expired before it went out: the workers were behind",
        "this event only; goeswith lag says how far they are (GOESWITH_PROMPT_TTL_S)",
    ),
    "checkout": (
        "the shopper is paying",
        "until the next add, removal or order, or {session_gap_s:,g} s without an event",
    ),
    "holdout": (
        "{who} is held out, as {share:.1%} of all are, to measure what prompts are worth",
        "for good: try another visitor or session, or GOESWITH_HOLDOUT_SHARE=0 on a shop for tests",
    ),
    "dismissed": (
        "the session sent away {dismissals}; {dismissals_max} are enough",
        "until the visit ends: {session_gap_s:,g} s without an event (GOESWITH_DISMISSALS_MAX)",
    ),
    "session_cap": (
        "the visit had {prompted}, shown or pending; {prompts_per_session_max} are allowed",
        "until it ends: {session_gap_s:,g} s without an event ({cap_setting})",
    ),
    "cool_down": (
        "a pause follows each prompt, and {left_s:,.1f} s of it were left",
        "that long; {cool_down_s:,g} s at first, doubled by each dismissal ({pause_setting})",
    ),
    "no_candidate": (
        "nothing may be offered: in the basket, bought, put back, sent away, or mere chance",
        "until that changes: see GOESWITH_TOGETHER_MIN ({together_min}), and GOESWITH_LIFT_Z_MIN",
    ),
    "withheld": (
        "all that fits may not be offered, by the catalogue: out of stock, hidden, an upgrade",
        "until the catalogue says otherwise; goeswith catalog get ITEM tells what it says",
    ),
    "not_worth": (
        "nothing that fits is expected to earn more than a prompt annoys",
        "until more is learned: GOESWITH_ITEMS_DECIDED, and GOESWITH_DISMISSAL_COST_MINOR",
    ),
    "returns": (
        "too much of what this shopper ordered came back",
        "until more is kept: GOESWITH_RETURNED_SHARE_MAX ({returned_share_max:g})",
    ),
    "paused": (
        "an operator has paused all prompts, or set the number of their items to 0",
        "until the control is set no longer; see goeswith control history prompts.paused",
    ),
    "arms_off": (
        "what fits comes from arms that are off, in shadow or without a share by a control{idle}",
        "until one of them is on again; see goeswith control history",
    ),
    "ramp": (
        "all arms that have something to offer are capped, and this event fell to the rest",
        "this event only; see goeswith control get arms.ARM.share_max",
    ),
}
"""Of each reason: why, and what to do or how long it lasts."""

TOO_LATE = "taken for a repeat: too late, its session did not know any more which ids it had read"
"""Of a `duplicate` whose id nobody has sent before."""
DENIAL = "; its denial counts"
"""Of one that denies consent: that is the same, however often it comes."""
TOO_LATE_WAIT = "this event only; send events as they happen"


def why_too_late(consent: bool | None) -> str:
    """What is said of an event that was taken for a repeat, whose id nobody has sent before."""
    return TOO_LATE + (DENIAL if consent is False else "")


class Told(NamedTuple):
    """A silence, told."""

    reason: SilenceReason
    why: str
    wait: str


def told(
    reason: SilenceReason,
    event: Event,
    session: Session | None,
    pending: tuple[PendingPrompt, ...],
    settings: Settings,
    slot: str = "basket",
    controls: Controlled | None = None,
) -> Told:
    """The silence with the figures of its session, as they were when the event was answered.

    `controls`: None where none is set, or known.
    """
    settings = settings if controls is None else controls.settings
    unsent = event.sent_at_ms is None
    figures: dict[str, object] = {
        "who": event.session_id,
        "share": settings.holdout_share,
        "delay_s": (event.received_at_ms - event.occurred_at_ms) / 1000,
        "bound_s": settings.clock_skew_s_max if unsent else settings.lateness_s,
        "unsent": " where no sent_at_ms tells a delay from a slow clock" if unsent else "",
        "look": f"look at the sender's queue{' and clock, and send sent_at_ms' if unsent else ''}",
        "dismissals": many(0, "prompts"),
        "prompted": many(0, "prompts"),
        "left_s": 0.0,
        "idle": _idle(controls),
    }
    if session is not None:
        if session.assignment is not None:
            figures["share"] = session.assignment.share
        unseen, allowed = unseen_ms(session, event, pending, slot), budget(session, slot, settings)
        figures["dismissals"] = many(allowed.dismissals, "prompts")
        figures["prompted"] = many(allowed.shown + len(unseen), "prompts")
        figures["left_s"] = pause_left_ms(event, unseen, allowed) / 1000
    figures |= {name: getattr(settings, name) for name in SETTINGS}
    figures |= _budget_of(slot, settings)
    why, wait = ADVICE[reason]
    return Told(reason, why.format(**figures), wait.format(**figures))


def _idle(controls: Controlled | None) -> str:
    """The arms that controls do not let be drawn, behind a colon; empty: none that is known."""
    idle = () if controls is None else sorted({*controls.idle, *controls.off})
    return f": {', '.join(idle)}" if idle else ""


def _budget_of(slot: str, settings: Settings) -> dict[str, object]:
    """Cap and pause of a slot, and which settings they are."""
    cap, pause = "prompts_per_session_max", "cool_down_s"
    if slot in OWN_BUDGET:
        cap, pause = f"{slot}_prompts_max", "slot_cool_down_s"
    return {
        "prompts_per_session_max": getattr(settings, cap),
        "cool_down_s": getattr(settings, pause),
        "cap_setting": f"GOESWITH_{cap.upper()}",
        "pause_setting": f"GOESWITH_{pause.upper()}",
    }


SETTINGS = (
    "dismissals_max",
    "session_gap_s",
    "prompts_per_session_max",
    "cool_down_s",
    "together_min",
    "returned_share_max",
)
"""The settings that are named with their values."""
