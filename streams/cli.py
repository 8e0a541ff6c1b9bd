"""`goeswith`: the command line. A command lives beside its noun, and is loaded when it is used."""

import importlib
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

import click

from streams.errors import GoeswithError, Misconfigured, MissingExtra
from streams.options import with_settings
from streams.printable import printable
from streams.settings import Settings

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of the signal, as shells have it."""


class Lazy(NamedTuple):
    """A command that is not loaded yet."""

    where: str
    """Module and attribute."""
    help: str
    extra: str = ""
    """The optional dependencies that it needs."""


COMMANDS = {
    "worker": Lazy("streams.cli:worker", "Answer events with prompts, until stopped."),
    "topics": Lazy("streams.topic_admin:topics", "Create, check and list the topics."),
    "lag": Lazy("streams.lag:lag", "How far the workers are behind, in events and seconds."),
    "subscribe": Lazy("streams.subscribe:subscribe", "Print prompts as they come."),
    "arms": Lazy("streams.board_reader:arms", "What each strategy does, and what it earns."),
    "prompts": Lazy("streams.views:prompts", "Print the current prompts of a session."),
    "dead-letters": Lazy(
        "streams.dead_letter_office:dead_letters", "List, show and replay records we could not use."
    ),
    "checkpoint": Lazy(
        "streams.checkpoint_command:checkpoint", "Save, load, inspect and compare checkpoints."
    ),
    "rebuild": Lazy("streams.rebuild:rebuild", "Fold the log anew, and compare with a worker."),
    "schema": Lazy("streams.schemas:schema", "Print the JSON Schemas of events and prompts."),
    "demo": Lazy("streams.demo.command:demo", "A whole shop on this machine, to look at.", "demo"),
    "simulate": Lazy(
        "streams.demo.command:simulate", "Shoppers with a known truth, sent to Kafka.", "demo"
    ),
    "replay": Lazy("streams.replay:replay", "Real baskets, judged from the log.", "replay"),
    "bench": Lazy("streams.bench.command:bench", "Measure the pipeline.", "demo"),
}


class Failed(click.ClickException):
    """One clear line, no traceback."""

    def __init__(self, error: GoeswithError) -> None:
        super().__init__(printable(str(error), chars_max=1000))
        self.exit_code = 2 if isinstance(error, Misconfigured) else 1

    def show(self, file: Any = None) -> None:
        """Print it."""
        click.echo(f"goeswith: {self.message}", file=file or sys.stderr)


class LazyGroup(click.Group):
    """Knows its commands by name and help; loads one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of a day's work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name, loaded."""
        return load(name) if name in COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in the help, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run; our errors become one line, and Ctrl-C is quiet."""
        try:
            return super().invoke(ctx)
        except GoeswithError as error:
            raise Failed(error) from error
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)


def load(name: str) -> click.Command:
    """Import a command; raises `MissingExtra` when what it needs is not installed."""
    lazy = COMMANDS[name]
    module, _, attribute = lazy.where.partition(":")
    try:
        command: click.Command = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as missing:
        if not lazy.extra or (missing.name or "").split(".")[0] in ("streams", "models"):
            raise
        raise MissingExtra(
            f"`goeswith {name}` needs {missing.name}, which is not installed: "
            f"run `pip install '.[{lazy.extra}]'` in a checkout of goeswith"
        ) from missing
    return command


def print_version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    """Print the installed version and leave."""
    if asked:
        try:
            click.echo(f"goeswith {version('goeswith')}")
        except PackageNotFoundError:
            click.echo("goeswith, not installed")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_version,
    help="Print the version.",
)
def goeswith() -> None:
    """What goes with this? Real-time cross-sell prompts from a Kafka event stream.

    Settings come from the environment (GOESWITH_KAFKA_BOOTSTRAP=... and so on).
    """


@click.command()
@with_settings("bootstrap", "prefix", "group", "name", "redis")
def worker(settings: Settings) -> None:
    """Answer events with prompts, until stopped.

    Needs GOESWITH_RECEIPT_SECRET. Each worker needs a name of its own, and keeps it: restarted
    under the same name it goes on at once.
    """
    from streams.worker import run  # noqa: PLC0415  # Faust is loaded where a worker runs

    raise click.exceptions.Exit(run(settings))


def main() -> None:
    """The entry point."""
    goeswith(prog_name="goeswith")
