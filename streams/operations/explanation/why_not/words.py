"""Why not, in words: a few lines for a terminal of 80 columns."""

from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap

from streams.cli.printable import printable
from streams.operations.explanation.why_not.considered import Considered, Refusal, Verdict
from streams.operations.explanation.why_not.proposals import Missing, Source

COLUMNS = 80
NAME_COLUMNS = 40

VERDICTS: Mapping[Verdict, str] = {
    "offered": "it was offered",
    "silence": "nothing was offered at all",
    "refused": "it must not be offered now, whoever proposes it",
    "no_candidate": "no arm proposes it",
    "arm_idle": "it is proposed by arms that controls do not let be drawn",
    "not_drawn": "another arm was drawn than those that propose it",
    "not_worth": "fewer were offered than fit: it would earn less than it annoys",
    "ranked_below": "the arm that was drawn had better ones",
}
REFUSALS: Mapping[Refusal, str] = {
    "in_basket": "it is in the basket",
    "asked": "it is the item that asked",
    "just_ordered": "it is in the order that asked",
    "bought": "it was bought in this visit, or a short while ago",
    "taken_out": "it was taken out of the basket in this visit",
    "sent_away": "a prompt with it was sent away",
    "staple": "people buy it anyway (GOESWITH_STAPLES_WITHHELD)",
    "comes_back": "it was sent back too often (GOESWITH_RETURNED_SHARE_MAX)",
    "out_of_stock": "it is out of stock, by the catalogue of now",
    "hidden": "it is hidden, by the catalogue or a control of now",
    "restricted": "it is restricted, by the catalogue of now",
    "segment": "it is not for this shopper's segment, by the catalogue of now",
    "owned": "one is enough (owned_once), and it was bought and kept",
    "variant": "another variant of it is in the basket, or was looked at",
    "margin": "it earns less than the margin floor, by the catalogue of now",
    "upgrade": "it, or what is there, is an upgrade of the other: those have a slot of their own",
    "excluded": "the catalogue says that it does not go with what is there",
    "requires": "it needs another item, which is neither there nor bought",
    "substitute": "it replaces what is there (GOESWITH_SUBSTITUTE_PROBABILITY_MAX)",
    "in_another_slot": "it stands in the prompt for another slot of the event",
}
MISSING: Mapping[Missing, str] = {
    "unknown": "knows nothing of it here",
    "never_met": "it never met what is at hand",
    "too_few": "it met it too seldom (GOESWITH_TOGETHER_MIN)",
    "mere_chance": "no more often than chance has it (GOESWITH_LIFT_Z_MIN)",
    "no_history": "knows nothing of whoever is there",
    "never_chosen": "nobody has chosen it, as far as is known",
    "not_said": "nobody says so of what is at hand",
    "unfit": "it does not fit a better one of this arm",
    "no_price": "its price in the currency of the basket is not known",
    "no_margin": "by the catalogue it earns nothing",
    "too_dear": "before discounts it goes more than a tenth of the threshold beyond free shipping",
    "no_source": "not among the first of what fits the basket (bought_together, popular)",
    "no_reach": "nothing reaches free shipping, or not without going far beyond it",
    "no_top_up": "others reach free shipping with less beyond it, or with fewer items",
    "no_bundle": "it completes none, or another one lacks less or saves more",
    "not_ranked": "so far down that nobody looks",
}


def in_words(told: Considered) -> str:
    """The lines, the verdict first."""
    return wrapped(_said(told))


def wrapped(lines: Iterable[str]) -> str:
    """These lines, none wider than a terminal: what is left of one goes on below it, indented."""
    return "\n".join(part for line in lines for part in _parts(line))


def named(item_id: str) -> str:
    """An id, as far as there is room for it."""
    return printable(item_id, NAME_COLUMNS)


def _parts(said: str) -> list[str]:
    indent = " " * (len(said) - len(said.lstrip()) + 2)
    return wrap(said, COLUMNS, subsequent_indent=indent, break_long_words=True) or [""]


def _said(told: Considered) -> Iterator[str]:
    item, beside = (
        named(told.item_id),
        "" if told.anchor is None else f" beside {named(told.anchor)}",
    )
    why = f" ({told.silence})" if told.silence and told.verdict == "silence" else ""
    yield f"{item} in {told.slot}{beside}: {VERDICTS[told.verdict]}{why}"
    for refusal in told.refusals:
        yield f"  refused, {refusal}: {REFUSALS[refusal]}"
    for source in told.sources:
        yield f"  {_source(source)}"
        if source.counts is not None:
            counts = source.counts
            yield (
                f"    met {named(counts.anchor)} in {counts.together:,} of {counts.of:,}, "
                f"lift {counts.lift:.2f}"
            )
    if told.slot == "upgrade":
        yield "  only what the catalogue names upgrade_of the item is offered there"
    if told.chosen:
        chosen = ", ".join(map(named, told.chosen))
        yield (
            f"  offered instead, by {told.drawn}: {chosen}"
            if told.verdict != "offered"
            else (f"  offered, by {told.drawn}: {chosen}")
        )


def _source(source: Source) -> str:
    drawn = "" if source.propensity is None else f", p {source.propensity:.2f}"
    idle = "" if source.drawable else ", not drawn by a control"
    if source.candidate is None:
        missing = MISSING[source.missing or "unknown"]
        return f"{source.arm}{drawn}{idle}: {missing}"
    found = source.candidate
    counted = f", {found.together:,} of {found.of:,}" if found.of else ""
    return f"{source.arm}{drawn}{idle}: rank {source.rank:,}{counted}, score {found.score:.3g}"
