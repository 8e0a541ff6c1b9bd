"""The options of whoever judges models on files of sessions."""

from collections.abc import Callable
from pathlib import Path

import click

from streams.lab.evaluate.logs.formats import FORMATS
from streams.lab.evaluate.prequential import PrequentialRules

MODES = ("frozen", "online")
TRAIN, *OTHERS = (
    click.option(
        "--train",
        "train_paths",
        type=click.Path(path_type=Path),
        multiple=True,
        metavar="FILE",
        help="What is learned before; may be given several times. Gzipped or not, like --data.",
    ),
    click.option(
        "--mode",
        type=click.Choice(MODES),
        default="frozen",
        show_default=True,
        help="Online: each event of the data is learned after it was judged.",
    ),
    click.option(
        "--min-prefix",
        type=click.IntRange(1),
        default=1,
        show_default=True,
        help="Items that a session has to have before the next one is an example.",
    ),
    click.option(
        "--limit", type=click.IntRange(1), metavar="SESSIONS", help="Judge the first so many only."
    ),
    click.option(
        "--rank-last",
        type=click.IntRange(0),
        default=PrequentialRules(online=False).rank_last,
        show_default=True,
        metavar="EXAMPLES",
        help="Rankers learn to rank from the last so many examples of the training.",
    ),
    click.option(
        "--seed", type=int, default=0, show_default=True, help="Of intervals, and of hidden items."
    ),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
)

Command = Callable[..., None]


def log_options(*, required: bool) -> Callable[[Command], Command]:
    """All of them, in front of a command's own; `required`: whether there has to be a file."""
    data = click.option(
        "--data",
        "data_path",
        type=click.Path(path_type=Path),
        required=required,
        metavar="FILE",
        help="What the models are judged on.",
    )
    kind = click.option(
        "--format",
        "kind",
        type=click.Choice(list(FORMATS)),
        required=required,
        help="Of all files: a session a line; SessionId, ItemId, Time; JSON; or a basket a line.",
    )

    def decorate(command: Command) -> Command:
        for option in reversed([TRAIN, data, kind, *OTHERS]):
            command = option(command)
        return command

    return decorate
