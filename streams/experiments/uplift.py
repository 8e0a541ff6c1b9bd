"""`goeswith uplift`: what prompts are worth, from the events topic."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click

from streams.cli.live import show
from streams.cli.options import with_settings
from streams.cli.progress import progressed
from streams.cli.tables import Listing
from streams.clients.log_reader import RawRecord, open_reader
from streams.contract.errors import InvalidEvent
from streams.contract.events import decode
from streams.contract.settings import Settings
from streams.experiments.holdout import Holdout, UpliftRow

UNITS_MIN = 2
"""Shoppers of a side from which on its variance can be told."""


@click.command()
@with_settings("bootstrap", "prefix")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def uplift(settings: Settings, as_json: bool) -> None:
    """Uplift: what prompts are worth; shoppers who may get them against the holdout.

    Reads all that the events topic holds, with the holdout's share and salt from the settings. The
    bounds hold whenever and however often one looks; prompts earn something when they exclude 0.
    The share that is held out is compared with the planned one: an ALARM means that something but
    the draw decides who is held out, and that nothing else here is to be trusted. So does an alarm
    that those held out were shown prompts: share or salt are not those of the workers. Either makes
    the exit code 1.

    --json prints `held_out` and `prompted` (how many), `planned_share`, `observed_share`,
    `sample_ratio_p`, `sample_ratio_alarm`, `held_out_shown` (held out, and yet shown a prompt),
    `held_out_shown_alarm`, `left_out`, `unreadable`, and `metrics`: of each `metric` what one of
    either side does (`control`, `treated`), the `difference`, its `low` and `high`, `p` and
    `relative`; none of these when a side has fewer than two, or all of both sides did the same.
    """
    holdout, unreadable = Holdout(settings.holdout_share, settings.holdout_salt), 0
    with open_reader(settings, settings.topics.events) as reader:
        begins, ends = reader.begins(), reader.ends()
        records: Iterable[RawRecord] = reader.between(begins, ends)
        if not as_json:
            total = sum(ends[at] - begin for at, begin in begins.items())
            records = progressed(records, total, f"reading {settings.topics.events}")
        for record in records:
            try:
                event = decode(
                    record.key, record.value, timestamp_ms=record.timestamp_ms, settings=settings
                )
            except InvalidEvent:
                unreadable += 1
            else:
                holdout.add(event)
    if as_json:
        click.echo(json.dumps(as_values(holdout, unreadable)))
    else:
        show(table(holdout, unreadable))
    raise click.exceptions.Exit(1 if alarmed(holdout) else 0)


def table(holdout: Holdout, unreadable: int = 0) -> Listing:
    """For people."""
    rows = holdout.rows()
    listing = Listing(
        *("a shopper's", "held out", "prompted", "more", "95 % at\nany look", "p", "relative"),
        title=sentence(holdout, rows),
        notes=[*_without_orders(holdout, rows), *_notes(holdout, unreadable)],
    )
    for metric, found in rows:
        if found is None:
            listing.add(metric, *"------")
            continue
        listing.add(
            metric,
            f"{found.control:.4f}",
            f"{found.treated:.4f}",
            f"{found.difference:+.4f}",
            f"{found.low:+.4f} to {found.high:+.4f}",
            f"{found.p:.3f}",
            "-" if found.relative is None else f"{found.relative:+.1%}",
        )
    return listing


def sentence(holdout: Holdout, rows: Sequence[UpliftRow]) -> str:
    """What follows: whether prompts earn something, or that it is too early to say."""
    sample = holdout.sample()
    if holdout.share in {0.0, 1.0}:
        who = "everybody is" if holdout.share else "nobody is"
        return f"{who} held out (GOESWITH_HOLDOUT_SHARE={holdout.share:g}): nothing to compare with"
    if sample.crossed:
        return (
            f"ALARM: {sample.held_out_shown:,} of {sample.held_out:,} held out were shown prompts, "
            "so nothing follows from this"
        )
    if sample.alarm:
        return "sample ratio ALARM: too many or too few are held out, so nothing follows from this"
    metric, found = rows[0]
    if found is None:
        return f"too early to say what prompts are worth: {missing(holdout)}"
    if found.low <= 0.0 <= found.high:
        what = "too early to say what prompts are worth"
    else:
        what = f"prompts earn {'more' if found.low > 0.0 else 'fewer'} {metric}"
    bounds = f"95 % at any look {found.low:+.4f} to {found.high:+.4f}"
    return f"{what}: {found.difference:+.4f} {metric} a shopper ({bounds})"


def missing(holdout: Holdout) -> str:
    """Why nothing can be said yet.

    >>> missing(Holdout(share=0.1, salt="2026"))
    '0 shoppers held out and 0 prompted, at least 2 of each are wanted'
    """
    held, prompted = holdout.sizes()
    if min(held, prompted) < UNITS_MIN:
        return (
            f"{held:,} shoppers held out and {prompted:,} prompted, at least {UNITS_MIN} of each "
            "are wanted"
        )
    return f"{held:,} held out and {prompted:,} prompted, and all have the same number of orders"


def _without_orders(holdout: Holdout, rows: Sequence[UpliftRow]) -> list[str]:
    """Where the bounds come from, when a side has not a single order."""
    _, found = rows[0]
    if found is None:
        return []
    names, rates = ("held out", "prompted"), (found.control, found.treated)
    return [
        f"none of {n:,} {name} has ordered: bounds leave room for 3 of them (the rule of three)"
        for n, name, rate in zip(holdout.sizes(), names, rates, strict=True)
        if rate == 0.0
    ]


def _notes(holdout: Holdout, unreadable: int) -> list[str]:
    (held, prompted), sample = holdout.sizes(), holdout.sample()
    observed, planned = _share(sample.observed_share), _share(sample.planned_share)
    said = [
        f"{prompted:,} may get prompts, {held:,} are held out",
        f"held out: {observed} observed, {planned} planned, p {sample.sample_ratio_p:.3f}",
    ]
    if sample.alarm:
        said.append("are share and salt those of the workers, since the log begins?")
    if sample.held_out_shown:
        said.append(
            f"{sample.held_out_shown:,} of those held out were shown prompts all the same: share "
            "or salt differ from those of the workers, or shoppers sign in between"
        )
    return [*said, f"{holdout.left_out:,} events left out, {unreadable:,} unreadable"]


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}".replace("%", " %")


def as_values(holdout: Holdout, unreadable: int = 0) -> dict[str, Any]:
    """For programs."""
    (_, prompted), sample = holdout.sizes(), holdout.sample()
    return {
        "prompted": prompted,
        **sample._asdict(),
        "sample_ratio_alarm": sample.alarm,
        "held_out_shown_alarm": sample.crossed,
        "left_out": holdout.left_out,
        "unreadable": unreadable,
        "metrics": [
            {"metric": metric} | ({} if found is None else found._asdict())
            for metric, found in holdout.rows()
        ],
    }


def alarmed(holdout: Holdout) -> bool:
    """Whether nothing follows from this: who is held out, or is prompted, is not as planned."""
    sample = holdout.sample()
    return sample.crossed or sample.alarm
