"""`goeswith`: the command line. A command lives beside its noun, and is loaded when it is used."""

import errno
import io
import os
import signal
import sys
import threading
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click
from click.utils import PacifyFlushWrapper

from streams.cli.lazy import Lazy, LazyGroup
from streams.cli.printable import printable
from streams.contract.errors import FileUnusable, GoeswithError, Misconfigured, TopicsWrong

WORKER = "worker"
GATEWAY = "gateway"
CONSOLE = "console"
EXIT_UNWRITABLE = 2
EXIT_UNREAD = 141
"""Exit code where who reads has gone (`| head`): 128 and SIGPIPE's number, as shells have it."""
UNWRITABLE = (errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EPIPE, errno.EDQUOT)
"""What a full disk, a limit, a terminal that is gone or a reader that has left answers."""
INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of the signal, as shells have it."""


COMMANDS = {
    WORKER: Lazy(
        "streams.worker.running.command:worker", "Answer events with prompts, until stopped."
    ),
    "topics": Lazy(
        "streams.operations.topics:topics", "Create, check, list and repartition the topics."
    ),
    "lag": Lazy(
        "streams.operations.lag.command:lag", "Consumer lag of the workers, in events and seconds."
    ),
    "exporter": Lazy(
        "streams.operations.lag.exporter:exporter", "Exporter: consumer lag for Prometheus."
    ),
    "sizes": Lazy(
        "streams.worker.health.sizes:sizes",
        "Sizes: a worker's memory when its tables are full.",
    ),
    "subscribe": Lazy(
        "streams.storefront.published.subscribe:subscribe", "Print prompts as they come."
    ),
    "arms": Lazy(
        "streams.experiments.arms:arms", "Arms (strategies): what each does, and what it earns."
    ),
    "uplift": Lazy(
        "streams.experiments.uplift.command:uplift",
        "Uplift: what prompts are worth, against the holdout.",
    ),
    "off-policy": Lazy(
        "streams.experiments.off_policy.off_policy:off_policy",
        "Off-policy evaluation: what another policy would have earned.",
    ),
    GATEWAY: Lazy(
        "streams.storefront.gateway.command:gateway",
        "Take events and hand on prompts over HTTP, until stopped.",
        "gateway",
    ),
    CONSOLE: Lazy(
        "streams.operations.console.command:console",
        "Show lag, experiments and prompts on web pages, until stopped.",
        "console",
    ),
    "prompts": Lazy(
        "streams.storefront.published.current:prompts", "Print the current prompts of a session."
    ),
    "feed": Lazy(
        "streams.storefront.feeds.command:feed",
        "Feeds for e-mail tools and tills: what was decided, with a text.",
    ),
    "validate": Lazy(
        "streams.storefront.validate:validate",
        "Tell what would become of the events in a file.",
    ),
    "intake": Lazy(
        "streams.storefront.intake.command:intake",
        "Make events of what a shop sends already: GA4, Segment, Shopify and others.",
    ),
    "catalog": Lazy(
        "streams.storefront.reference.catalog_command:catalog",
        "Catalogue: import a product file, tell of an item.",
    ),
    "control": Lazy(
        "streams.storefront.reference.control_command:control",
        "Controls: set how the shop is run, and tell who changed what.",
    ),
    "experiment": Lazy(
        "streams.storefront.reference.declaring.command:experiment",
        "Experiments: ask a question before it begins, and tell whether it is decided.",
    ),
    "guardrails": Lazy(
        "streams.storefront.reference.guardrails.command:guardrails",
        "Guardrails: stop arms that are sent away too often, or earn too little.",
    ),
    "explain": Lazy(
        "streams.operations.explanation.command:explain",
        "Tell what became of each event of a session.",
    ),
    "why": Lazy(
        "streams.operations.explanation.why.command:command",
        "Tell why a prompt was what it was.",
    ),
    "why-not": Lazy(
        "streams.operations.explanation.why_not.command:command",
        "Tell why an item was not offered to a session.",
    ),
    "dead-letters": Lazy(
        "streams.operations.dead_letters.command:dead_letters",
        "List, show and replay records we could not use.",
    ),
    "forget": Lazy(
        "streams.operations.forgetting.command:forget",
        "Forget a shopper, and look for what is left.",
    ),
    "checkpoint": Lazy(
        "streams.operations.checkpoints.command:checkpoint",
        "Save, load, inspect and compare checkpoints.",
    ),
    "rebuild": Lazy(
        "streams.operations.rebuild:rebuild",
        "Rebuild the state from the log, and compare with a worker.",
    ),
    "schema": Lazy(
        "streams.contract.schemas.command:schema", "Print the JSON Schemas of events and prompts."
    ),
    "demo": Lazy(
        "streams.lab.demo.command:demo", "A whole shop on this machine, to look at.", "demo"
    ),
    "simulate": Lazy(
        "streams.lab.demo.command:simulate", "Shoppers with a known truth, sent to Kafka.", "demo"
    ),
    "replay": Lazy(
        "streams.lab.replay.command:replay", "Real baskets, judged from the log.", "replay"
    ),
    "evaluate": Lazy(
        "streams.lab.evaluate.command:evaluate", "How good the recommenders are on a log."
    ),
    "verdict": Lazy(
        "streams.lab.chaos.command:verdict", "Let things go wrong, and do the books.", "demo"
    ),
    "bench": Lazy("streams.lab.bench.command:bench", "Measure goeswith, beside its peers."),
}


class Failed(click.ClickException):
    """One clear line, no traceback; before it what was found of topics, with whole commands."""

    def __init__(self, error: GoeswithError) -> None:
        said, found = str(error), list[str]()
        if isinstance(error, TopicsWrong) and error.findings:
            found += error.findings
            said = f"{error.said}: {len(found)} wrong, see above"
        self.lines = [
            printable(line, chars_max=10 * len(line))  # whole, however much of it is escaped
            for one in found
            for line in one.splitlines()
        ]
        super().__init__(printable(said, chars_max=1000))
        self.exit_code = 2 if isinstance(error, Misconfigured) else 1

    def show(self, file: Any = None) -> None:
        """Print it."""
        for line in (*self.lines, f"goeswith: {self.message}"):
            click.echo(line, file=file or sys.stderr)


class Goeswith(LazyGroup):
    """The commands of goeswith, and how they fail."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run; our errors become one line, and Ctrl-C is quiet."""
        try:
            return super().invoke(ctx)
        except GoeswithError as error:
            raise Failed(error) from error
        except UnicodeEncodeError as error:
            what = printable(ascii(error.object[error.start : error.end]))
            said = f"an argument or a setting holds {what}, which is no text in UTF-8"
            raise Failed(Misconfigured(said)) from error
        except OSError as error:
            if error.filename is None:
                raise  # of a stream: see `main`
            raise Failed(FileUnusable(f"{error.filename}: {error.strerror}")) from error
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command, loaded: from here on Ctrl-C lets it end in order."""
        resolved = super().resolve_command(ctx, args)
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return resolved


def print_version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    """Print the installed version and leave."""
    if asked:
        try:
            click.echo(f"goeswith {version('goeswith')}")
        except PackageNotFoundError:
            click.echo("goeswith, not installed")
        ctx.exit()


@click.group(
    cls=Goeswith,
    lazily=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_version,
    help="Print the version.",
)
@click.pass_context
def goeswith(ctx: click.Context) -> None:
    """What goes with this? Real-time cross-sell prompts from a Kafka event stream.

    Settings come from the environment (GOESWITH_KAFKA_BOOTSTRAP=... and so on).
    """
    from streams.cli.unknown_settings import unknown_settings  # noqa: PLC0415  # pydantic is slow

    if ctx.invoked_subcommand not in (WORKER, GATEWAY, CONSOLE):  # which refuse them themselves
        for said in unknown_settings(os.environ):
            click.echo(f"goeswith: {printable(said)}", err=True)


def open_closed_streams() -> None:
    """Standard streams that were closed (`>&-`) lead nowhere: as for who wants to hear nothing.

    Left closed, their numbers would be those of the next connections, and what is printed go there.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def main() -> None:
    """The entry point. What the terminal cannot show is escaped, what cannot be written is said."""
    open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            goeswith(prog_name="goeswith")
        except SystemExit:
            if isinstance(sys.stdout, PacifyFlushWrapper):  # so click met EPIPE, and would say 1
                raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) from None
            raise
        finally:
            sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the rest goes nowhere
        if error.errno not in UNWRITABLE:
            raise
        if error.errno == errno.EPIPE:
            sys.exit(EXIT_UNREAD)
        click.echo(f"goeswith: the output cannot be written: {error.strerror}", err=True)
        sys.exit(EXIT_UNWRITABLE)
