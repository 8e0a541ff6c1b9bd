"""Reads the register off the topic of controls."""

import click

from streams.cli.printable import printable
from streams.clients.log_reader import open_reader
from streams.contract.errors import InvalidReference, Misconfigured, NotAuthorized, TopicsWrong
from streams.contract.events.reference.codec import decode_reference
from streams.contract.events.reference.control import ControlRecord
from streams.contract.settings import Settings
from streams.experiments.declared.register import DeclaredExperiment, Register


def read_register(settings: Settings) -> Register:
    """All that was declared. Where there is no such topic, or none may read it: nothing.

    Who may not read it is told so on standard error: figures may begin too early.
    """
    register, topic = Register(), settings.topics.control
    try:
        with open_reader(settings, topic) as reader:
            for raw in reader.between(reader.begins(), reader.ends()):
                try:
                    _, record = decode_reference(ControlRecord, raw.key, raw.value)
                except InvalidReference:
                    continue
                if record is not None:
                    register.add(record, raw.timestamp_ms)
    except TopicsWrong:
        pass
    except NotAuthorized as error:
        said = f"goeswith: what was declared of experiments cannot be read: {error}"
        click.echo(said, err=True)
    return register


def declared_start_ms(settings: Settings, name: str) -> int:
    """When the experiment of this name began; raises `Misconfigured` where none was declared."""
    return found(read_register(settings), name).start_ms


def found(register: Register, name: str) -> DeclaredExperiment:
    """The one of this name; raises `Misconfigured` where there is none."""
    one = register.find(name)
    if one is None:
        there = ", ".join(each.name for each in register.all()) or "none"
        raise Misconfigured(f"no experiment {printable(name)} was declared; there are: {there}")
    return one
