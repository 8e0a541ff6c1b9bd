"""`goeswith guardrails`: stops arms that annoy, sell what comes back, or earn too little."""

import click

from streams.cli.live import EVERY_S_MAX, say, watched
from streams.cli.options import FiniteRange, with_settings
from streams.clients.log_reader import open_reader
from streams.contract.errors import Misconfigured
from streams.contract.settings import Settings
from streams.experiments.arm_estimates import AGAINST
from streams.storefront.reference.guardrails.judged import Guardrails
from streams.storefront.reference.guardrails.watching import FirstsReader, Guard

MINOR_MAX = 1e15
"""No price is dearer."""


@click.command()
@with_settings("bootstrap", "prefix")
@click.option(
    "--dismissals-max",
    type=FiniteRange(0.0, 1.0),
    metavar="SHARE",
    help="Stop an arm that more than this share of visitors send away at its first impression.",
)
@click.option(
    "--loss-max",
    type=FiniteRange(0.0, 1.0),
    metavar="REWARD",
    help="Stop an arm whose impressions earn less than those of --against, by more than this.",
)
@click.option(
    "--returns-max",
    type=FiniteRange(0.0, 1.0),
    metavar="SHARE",
    help="Stop an arm of which more than this share of visitors send back what it sold them first.",
)
@click.option(
    "--margin-loss-max",
    "margin_loss_minor_max",
    type=FiniteRange(0.0, MINOR_MAX),
    metavar="MINOR",
    help="The same in money: net reward of an impression, in minor units. Needs net reward. All of "
    "the log is reckoned in the reward_scale_minor of today, earlier rewards, too.",
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
    returns_max: float | None,
    margin_loss_minor_max: float | None,
    against: str,
    watch: bool,
    every_s: float,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Stop arms that break a guardrail, by a control that says who and why.

    Nothing is watched unless it is named. The bounds hold however often one looks. Who sets an
    arm's control to on overrules the guardrail, which leaves the arm alone while it stands.
    """
    watched_for = dismissals_max, loss_max, returns_max, margin_loss_minor_max
    if all(one is None for one in watched_for):
        named = "--dismissals-max, --loss-max, --returns-max, --margin-loss-max"
        raise Misconfigured(f"no guardrail is set: name one or more of {named}")
    if margin_loss_minor_max is not None and settings.reward != "net":
        raise Misconfigured("--margin-loss-max needs GOESWITH_REWARD=net, as the workers have it")
    allowed = Guardrails(*watched_for, settings.reward_scale_minor)
    with open_reader(settings, settings.topics.outcomes) as reader:
        log = FirstsReader(settings, reader, None, against=against)
        log.catch_up()
        log.check_against()
        guard = Guard(settings, log, allowed, dry_run=dry_run, as_json=as_json)
        if watch:
            watched(guard.look, every_s, line=guard.look, always_lines=True)
        elif found := guard.look():
            (click.echo if as_json else say)(found)
