"""`goeswith guardrails`: stops arms that are sent away too often, or earn too little."""

import json
import time

import click

from streams.cli.live import EVERY_S_MAX, say
from streams.cli.options import FiniteRange, with_settings
from streams.cli.printable import printable
from streams.clients.log_reader import open_reader
from streams.contract.errors import Misconfigured
from streams.contract.events.reference.control import ControlRecord
from streams.contract.settings import Settings
from streams.experiments.arm_estimates import AGAINST
from streams.experiments.arms import BoardReader
from streams.storefront.reference.guardrails.judged import Guardrails, breaches, stops
from streams.storefront.reference.topic_log import kept, send


@click.command()
@with_settings("bootstrap", "prefix")
@click.option(
    "--dismissals-max",
    type=FiniteRange(0.0, 1.0),
    metavar="SHARE",
    help="Stop an arm of whose impressions more than this share is sent away.",
)
@click.option(
    "--loss-max",
    type=FiniteRange(0.0, 1.0),
    metavar="REWARD",
    help="Stop an arm whose impressions earn less than those of --against, by more than this.",
)
@click.option(
    "--against", default=AGAINST, show_default=True, metavar="ARM", help="What to compare with."
)
@click.option("--watch", is_flag=True, help="Go on looking, until Ctrl-C.")
@click.option(
    "--every",
    "every_s",
    type=FiniteRange(1.0, EVERY_S_MAX),
    default=60.0,
    show_default=True,
    help="Seconds between looks.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be stopped, and stop nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")
def guardrails(
    settings: Settings,
    dismissals_max: float | None,
    loss_max: float | None,
    against: str,
    watch: bool,
    every_s: float,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Stop arms that break a guardrail, by a control that says who and why.

    Nothing is watched unless it is named. The bounds hold however often one looks. An arm is
    stopped once: who sets its control on again overrules the guardrail.
    """
    allowed = Guardrails(dismissals_max, loss_max)
    if allowed == Guardrails():
        raise Misconfigured("no guardrail is set: --dismissals-max, --loss-max, or both")
    with open_reader(settings, settings.topics.outcomes) as reader:
        log = BoardReader(settings, reader, None, against=against)
        while True:
            log.catch_up()
            _tell(_stopped(settings, log, allowed, dry_run=dry_run), as_json=as_json)
            if not watch:
                return
            time.sleep(every_s)


def _stopped(
    settings: Settings, log: BoardReader, allowed: Guardrails, *, dry_run: bool
) -> list[ControlRecord]:
    """The controls of the arms that are stopped now."""
    against = log.evidence.against
    broken = breaches(log.board.rows(), log.evidence.rows(), allowed, against)
    if not broken:
        return []
    topic = settings.topics.control
    every = kept(settings, topic, ControlRecord, quiet=True)
    history = [one.record for one in every if one.record is not None]
    found = stops(broken, history, int(time.time() * 1000))
    if found and not dry_run:
        send(settings, topic, found)
    return found


def _tell(found: list[ControlRecord], *, as_json: bool) -> None:
    for record in found:
        if as_json:
            click.echo(json.dumps(record.model_dump()))
        else:
            say(f"{printable(record.key)} is off: {printable(record.reason, 300)}")
