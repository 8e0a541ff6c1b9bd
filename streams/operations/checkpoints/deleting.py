"""`goeswith checkpoint delete`: what was kept aside and is not wanted any more."""

import json

import click

from streams.cli.options import with_settings
from streams.cli.printable import printable
from streams.clients.checkpoints.pointer import number_in
from streams.clients.checkpoints.rules import is_kept_name
from streams.contract.errors import CheckpointRefused, Misconfigured
from streams.contract.settings import Settings
from streams.operations.log_faults.adopt import STORE, Open


def delete_command(store_of: Open) -> click.Command:
    """The command; `store_of` gives the place where workers look."""

    @click.command()
    @with_settings("bootstrap", "prefix", "redis")
    @click.argument("name", metavar="NAME")
    @click.option("--yes", is_flag=True, help="Do not ask.")
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    def delete(settings: Settings, name: str, yes: bool, as_json: bool) -> None:
        """Delete a checkpoint that was kept aside, for good.

        NAME is that of `inspect`, such as settings-1f0c3a5e7b92. The one from which workers start
        is never deleted, nor a generation before it: newer ones replace them. From a topic its
        chunks leave with the next compaction; nothing reads them until then.
        """
        aside = _aside(name)
        store = store_of(settings, STORE)
        if aside not in [one.name for one in store.kept()]:
            raise CheckpointRefused(f"there is no checkpoint in {store.place(aside)}", "gone")
        place = printable(store.place(aside), chars_max=300)
        if not yes:
            click.confirm(f"Delete the checkpoint in {place}, for good?", abort=True, err=True)
        deleted = store.delete(aside)
        said = f"deleted: the checkpoint in {place}" if deleted else f"{place} was gone already"
        click.echo(json.dumps({"name": aside, "deleted": deleted}) if as_json else said)

    return delete


def _aside(name: str) -> str:
    """The name of one that was kept aside; raises `Misconfigured` for what is none.

    >>> _aside("store:settings-1f0c3a5e7b92")
    'settings-1f0c3a5e7b92'
    """
    aside = name.removeprefix(f"{STORE}:")
    if is_kept_name(aside):
        return aside
    living = aside == STORE or number_in(aside)
    why = "workers start from it, or it is replaced by newer ones" if living else "it is no name"
    raise Misconfigured(
        f"{name!r} is not deleted: {why}. `goeswith checkpoint inspect` lists the names of those "
        "that were kept aside, such as settings-1f0c3a5e7b92"
    )
