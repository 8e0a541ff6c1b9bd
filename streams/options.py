"""Options that the commands share: each one overrides a setting of the same meaning."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from pydantic import ValidationError

from streams.errors import Misconfigured
from streams.settings import Settings

OVERRIDES = {
    "bootstrap": ("kafka_bootstrap", "HOST:PORT", "Kafka's address; several with commas between."),
    "prefix": ("topic_prefix", "NAME", "What the topics' names begin with."),
    "group": ("group_id", "NAME", "Consumer group of the workers."),
    "redis": ("redis_url", "URL", "Redis that holds the views."),
    "name": ("worker_name", "NAME", "This worker's stable name."),
}

Command = Callable[..., None]


def with_settings(*names: str) -> Callable[[Command], Command]:
    """Hands `settings` to a command, read from the environment, with these options above it."""

    def decorate(command: Command) -> Command:
        @wraps(command)
        def run(**given: Any) -> None:
            overrides = {OVERRIDES[name][0]: given.pop(name) for name in names}
            command(settings=read_settings(**overrides), **given)

        for name in reversed(names):
            setting, metavar, text = OVERRIDES[name]
            run = click.option(
                f"--{name}", metavar=metavar, help=f"{text} [env: GOESWITH_{setting.upper()}]"
            )(run)
        return run

    return decorate


def read_settings(**overrides: str | None) -> Settings:
    """The settings; raises `Misconfigured`, which names the variable and not its value."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as invalid:
        wrong = "; ".join(
            f"GOESWITH_{'_'.join(map(str, error['loc'])).upper()}: {error['msg']}"
            for error in invalid.errors(include_url=False, include_input=False)
        )
        raise Misconfigured(f"settings cannot be used: {wrong}") from None
