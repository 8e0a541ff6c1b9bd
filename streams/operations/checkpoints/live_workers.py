"""Workers that live replace a checkpoint that was put there for them: they are told of."""

from collections.abc import Sequence

import click

from streams.cli.printable import many, printable
from streams.clients.log_reader import GroupMember, group_members
from streams.clients.sync_kafka import open_admin
from streams.contract.errors import GoeswithError
from streams.contract.settings import Settings

NAMED_MAX = 5
ASKED_S_MAX = 2.0
"""A broker that does not answer is not waited for: the checkpoint is where it was wanted."""


def warn_of_workers(settings: Settings) -> None:
    """Say on standard error that workers are in the group, where that can be asked."""
    briefly = settings.model_copy(update={"kafka_timeout_s": ASKED_S_MAX})
    try:
        with open_admin(briefly) as admin:
            members = group_members(briefly, admin)
    except GoeswithError:
        return  # where checkpoints are files, nobody needs Kafka for this
    if members:
        click.echo(f"goeswith: {warning(settings.group_id, members)}", err=True)


def warning(group: str, members: Sequence[GroupMember]) -> str:
    """What is said.

    >>> warning("shop", [GroupMember("ann", "10.0.0.1", (0,))])
    '1 worker is in the group shop (ann) and will replace this with a checkpoint of its own: stop
    all workers first, then do it again'
    """
    names = ", ".join(printable(one.name, 100) for one in members[:NAMED_MAX])
    named = names if len(members) <= NAMED_MAX else f"{names} and others"
    there = many(len(members), "workers are", "worker is")
    return (
        f"{there} in the group {printable(group, 100)} ({named}) and will replace this with a "
        "checkpoint of its own: stop all workers first, then do it again"
    )
