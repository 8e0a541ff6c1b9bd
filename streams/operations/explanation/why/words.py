"""Why, in words: a few lines for a terminal of 80 columns."""

from collections.abc import Iterator

from models import Candidate
from streams.cli.printable import printable
from streams.contract.published.prompts import Prompt, PromptItem
from streams.operations.explanation.why.asking import Why
from streams.operations.explanation.why.decided import ArmAtDecision
from streams.operations.explanation.why_not.considered import Considered
from streams.operations.explanation.why_not.words import COLUMNS, REFUSALS, named, wrapped
from streams.operations.explanation.words.offers import offer_in_words


def in_words(told: Why) -> str:
    """The lines: the offer, its reason, what counted, the arms, what was kept out."""
    return wrapped(_said(told))


def _said(told: Why) -> Iterator[str]:
    prompt, behind = told.prompt, told.behind
    offered = ", ".join(named(item.item_id) for item in prompt.items)
    yield f"{offered} in {prompt.placement} beside {named(prompt.anchor)}: by {prompt.arm}"
    yield f"  said to the shopper: {printable(prompt.reason.text, COLUMNS)}"
    if prompt.reason.evidence_text is not None:
        yield f"  what was counted: {printable(prompt.reason.evidence_text, COLUMNS)}"
    if prompt.offer is not None:
        items = [item.item_id for item in prompt.items]
        yield f"  offer: {offer_in_words(prompt.offer, items)}"
    for item, considered in zip(prompt.items, behind.items, strict=True):
        yield f"  {_item(prompt, item, considered)}"
    yield f"  arms in context {named(prompt.context)}, drawn with p {prompt.propensity:.2f}:"
    for arm in behind.arms:
        yield f"    {_arm(arm, prompt)}"
    for kept_out in behind.kept_out:
        reasons = "; ".join(REFUSALS[refusal] for refusal in kept_out.refusals)
        yield f"  kept out, {named(kept_out.item_id)}: {reasons}"
    yield f"  at event {named(prompt.caused_by)} of session {named(prompt.session_id)}"
    for note in told.notes:
        yield f"note: {note}"


def _item(prompt: Prompt, item: PromptItem, told: Considered) -> str:
    """An item that was offered: its rank by the arm that was drawn, and what was counted."""
    source = next((one for one in told.sources if one.arm == prompt.arm), None)
    rank = "" if source is None or source.rank is None else f" rank {source.rank:,},"
    counted = item.evidence
    beside = f" with {named(counted.anchor)}" if counted.anchor else ""
    met = f" {counted.together:,} of {counted.of:,}{beside}," if counted.of else ""
    lift = "" if source is None or source.counts is None else f" lift {source.counts.lift:.2f},"
    return f"{named(item.item_id)}:{rank}{met}{lift} score {item.score:.3g}"


def _arm(arm: ArmAtDecision, prompt: Prompt) -> str:
    drawn = " (drawn)" if arm.arm == prompt.arm else ""
    chance = "" if arm.propensity is None else f", p {arm.propensity:.2f}"
    expected = "" if arm.estimate is None else f", expected {arm.estimate:.3g}"
    idle = "" if arm.drawable else ", held back by a control"
    offers = ", ".join(map(_candidate, arm.candidates)) or "nothing to offer"
    return f"{arm.arm}{drawn}{chance}{expected}{idle}: {offers}"


def _candidate(one: Candidate) -> str:
    counted = f" ({one.together:,} of {one.of:,})" if one.of else ""
    return f"{named(one.item)}{counted}"
