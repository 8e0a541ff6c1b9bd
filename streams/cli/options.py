"""Where the commands have their settings from: the environment, and options above it.

Commands that bring their own shop (the demo, a replay, a benchmark, a verdict) inherit nothing but
what `INHERITED` names: they must not find their way to anybody's topics or checkpoints because a
variable was set for the workers.

No option takes `nan` or `inf` for a number, as no setting does (`FiniteRange`).
"""

import os
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import wraps
from itertools import accumulate
from math import isfinite
from pathlib import Path
from shlex import quote
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click
from pydantic import SecretStr, ValidationError

from streams.contract.errors import FileUnusable, Misconfigured
from streams.contract.settings import Settings
from streams.contract.wire.connection import SECURITY
from streams.contract.wire.shop.checkpoints import UNSEALED
from streams.contract.wire.shop.rewards import RewardSettings

OVERRIDES = {
    "bootstrap": ("kafka_bootstrap", "HOST:PORT", "Kafka's address; several with commas between."),
    "prefix": ("topic_prefix", "NAME", "What the topics' names begin with."),
    "group": ("group_id", "NAME", "Consumer group of the workers."),
    "redis": ("redis_url", "URL", "Redis that holds the views."),
    "name": ("worker_name", "NAME", "This worker's stable name."),
}

INHERITED = frozenset(
    {
        # how things are learned
        *("pair_half_life_s", "popularity_half_life_s", "arm_half_life_s"),
        *("items_max", "pairs_per_item_max", "shoppers_max"),
        *("view_weight", "add_weight", "best_fit", "rank_learning_share"),
        # how arms are chosen, and what they earn
        *("prompt_items_max", "together_min", "lift_z_min"),
        *("arm_floor", "arm_policy", "arm_mode"),
        *("arm_window_s", "attribution_window_s", "purchase_window_s"),
        *("reward_clicked", "reward_added", "reward_bought"),
        *RewardSettings.model_fields,
        # how a broker that is given is spoken to, and the log level
        *("kafka_api_version", "kafka_timeout_s", "kafka_patience_s", "log_level"),
    }
)
"""What a self-contained command takes from the environment: no place, no name, no secret."""

SECRETS = (
    "receipt_secret",
    "kafka_password",
    "kafka_key_password",
    "gateway_keys",
    "console_token",
    "redis_url",
    "checkpoint_url",
    "checkpoint_key",
    "shopify_secret",
    "woocommerce_secret",
)
"""What is a secret, or holds one: it may be in a file, which a variable ending in `_FILE` names."""

NEVER_EMPTY = ("checkpoint_key",)
"""Of these none is a way to work, too, that nobody may get by an empty file."""

SECRET_BYTES_MAX = 1 << 16
"""Of a file, which may have no end."""

SERVICE_SCHEMES = ("tcp://", "udp://", "sctp://")
"""What the addresses of services begin with that Kubernetes puts into every environment."""

Command = Callable[..., None]
WRONG_CHARS_MAX = 800
"""Of what is said of settings that are wrong: a line has 1,000 characters at most."""
COLUMNS = 60
"""Of a line of a command: an option and its value come on top, in 80 columns with the margin."""


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


class FiniteRange(click.FloatRange):
    """As click's, which lets `nan` through any bounds, and `inf` where there are none.

    >>> FiniteRange(min=0).convert("nan", None, None)
    Traceback (most recent call last):
      ...
    click.exceptions.BadParameter: nan is no number that can be used here.

    What is no number is told with the unit, where the option has one.

    >>> FiniteRange(min=0).convert("1h", click.Option(["--since"], metavar="MINUTES"), None)
    Traceback (most recent call last):
      ...
    click.exceptions.BadParameter: '1h' is no number of minutes: write it without a unit.
    """

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number; a bad parameter when it is none, or out of bounds."""
        unit = (param.metavar or "") if param is not None else ""
        if unit in {"MINUTES", "SECONDS"} and not _is_number(value):
            told = f"{value!r} is no number of {unit.lower()}: write it without a unit."
            self.fail(told, param, ctx)
        number: float = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{number} is no number that can be used here.", param, ctx)
        return number


def with_settings(*names: str) -> Callable[[Command], Command]:
    """Hands `settings` to a command, read from the environment, with these options above it."""

    def decorate(command: Command) -> Command:
        @wraps(command)
        def run(**given: Any) -> None:
            for name, value in given.items():
                if isinstance(value, float) and not isfinite(value):
                    raise click.UsageError(f"{name}: {value} is no number that can be used here")
            overrides = {OVERRIDES[name][0]: given.pop(name) for name in names}
            command(settings=read_settings(**overrides), **given)

        for name in reversed(names):
            setting, metavar, text = OVERRIDES[name]
            run = click.option(
                f"--{name}", metavar=metavar, help=f"{text} [env: GOESWITH_{setting.upper()}]"
            )(run)
        return run

    return decorate


def typed(settings: Settings, *words: str, group: bool = False) -> str:
    r"""The shell command with these words that speaks to the same Kafka under the same prefix.

    It is in lines that fit a narrow terminal, to be pasted as they stand. `in_a_sentence` has it in
    one line.

    >>> there = Settings(kafka_bootstrap="127.0.0.1:4711", topic_prefix="goeswith-demo")
    >>> print(typed(there, "off-policy", "--policy", "policy.toml"))
    goeswith off-policy --policy policy.toml --bootstrap 127.0.0.1:4711 \
        --prefix goeswith-demo
    """
    return folded(_words(settings, *words, group=group))


def in_a_sentence(settings: Settings, *words: str, redis: bool = False) -> str:
    """The same in one line, in the midst of other words; with its Redis, if that is asked for.

    Not with one whose URL has a password in it: that is for the environment.

    >>> there = Settings(kafka_bootstrap="kafka:9", topic_prefix="x", redis_url="redis://r:1")
    >>> in_a_sentence(there, "why", "p 7", redis=True)
    "goeswith why 'p 7' --bootstrap kafka:9 --prefix x --redis redis://r:1"
    """
    url = settings.redis_url if redis else ""
    more = ["--redis", url] if url and not _is_secret(url) else []
    return " ".join(map(quote, [*_words(settings, *words), *more]))


def _is_secret(url: str) -> bool:
    """Whether a URL holds a password: before its host, or among its options.

    >>> [_is_secret(f"redis://{rest}") for rest in ("a:1", "me@a:1", "me:x@a:1", "a:1?password=x")]
    [False, False, True, True]
    """
    parts = urlsplit(url)
    return parts.password is not None or "password" in parse_qs(parts.query)


def _words(settings: Settings, *words: str, group: bool = False) -> list[str]:
    version = settings.kafka_api_version
    spoken = [f"GOESWITH_KAFKA_API_VERSION={version}"] if version else []
    place = ["--bootstrap", settings.kafka_bootstrap, "--prefix", settings.topic_prefix]
    place += ["--group", settings.group_id] if group else []
    return [*spoken, "goeswith", *words, *place]


def folded(words: Iterable[str], columns: int = COLUMNS) -> str:
    """A shell command, quoted, in lines that end with a backslash where another one follows."""
    lines = [""]
    for word in map(quote, words):
        if lines[-1].strip() and len(lines[-1]) + len(word) > columns and word.startswith("-"):
            lines.append("   ")
        lines[-1] += f" {word}" if lines[-1] else word
    return " \\\n".join(lines)


def speaking_to(bootstrap: str | None) -> Collection[str]:
    """What a self-contained command inherits; of a broker that is given, also how to speak to it.

    >>> "kafka_password" in speaking_to("kafka:9093"), "kafka_password" in speaking_to(None)
    (True, False)
    """
    return INHERITED if bootstrap is None else INHERITED | SECURITY


def self_contained(inherited: Collection[str] = INHERITED, **own: Any) -> Settings:
    """The settings of a command that brings its own shop: `own`, and defaults for all others.

    Of the environment only what is `inherited` counts. Raises `Misconfigured`.
    """
    fields = Settings.model_fields.items()
    ours = {name: field.default for name, field in fields if name not in inherited}
    return read_settings(**(ours | own))


def with_some_secret(settings: Settings) -> Settings:
    """The settings with a secret: a shop needs one, though this one seals nothing that is sent.

    >>> with_some_secret(Settings()).receipt_secret.get_secret_value() != ""
    True
    """
    if settings.receipt_secret.get_secret_value():
        return settings
    return settings.model_copy(update={"receipt_secret": SecretStr(secrets.token_urlsafe(32))})


def read_settings(**overrides: Any) -> Settings:
    """The settings; raises `Misconfigured`, which names the variable and not its value."""
    given = {name: value for name, value in overrides.items() if value is not None}
    given |= _from_files(os.environ, given)
    try:
        return Settings(**given)
    except ValidationError as invalid:
        wrong = _as_many_as_fit([*map(_sentence, invalid.errors(include_url=False))])
        raise Misconfigured(f"settings cannot be used: {wrong}") from None


def _as_many_as_fit(sentences: Sequence[str]) -> str:
    """The first of them in one line, and how many more there are.

    >>> _as_many_as_fit(["bread is none", "b" * 900, "butter"])
    'bread is none; and 2 more'
    """
    sizes = accumulate(len(said) + 2 for said in sentences)
    fit = max(1, sum(size <= WRONG_CHARS_MAX for size in sizes))
    left = len(sentences) - fit
    return "; ".join([*sentences[:fit], *([f"and {left:,} more"] if left else [])])


def _from_files(environment: Mapping[str, str], given: Collection[str]) -> dict[str, str]:
    """The secrets that are in files, but for those that are `given`. Raises `Misconfigured`."""
    found = {}
    for name in SECRETS:
        variable = f"GOESWITH_{name.upper()}"
        place = environment.get(f"{variable}_FILE", "")
        if not place or name in given:
            continue
        if environment.get(variable):
            raise Misconfigured(f"{variable} and {variable}_FILE are both set: unset one of them")
        try:
            with Path(place).open("rb") as file:
                found[name] = file.read(SECRET_BYTES_MAX).decode().strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
            raise FileUnusable(f"{variable}_FILE={place} cannot be read: {why}") from None
        if name in NEVER_EMPTY and not found[name]:
            raise Misconfigured(f"{variable}_FILE={place} (for {variable}): {UNSEALED}")
    return found


def _sentence(error: Mapping[str, Any]) -> str:
    """Which setting is wrong, and why; of several that do not go together, only why."""
    if not error["loc"]:
        return str(error["msg"]).removeprefix("Value error, ")
    return f"GOESWITH_{'_'.join(map(str, error['loc'])).upper()}: {_cause(error)}"


def _cause(error: Mapping[str, Any]) -> str:
    """What is wrong with a value, without the value; Kubernetes sets variables, too."""
    if str(error["input"]).startswith(SERVICE_SCHEMES):
        return (
            f"{error['msg']}; it is the address of a Kubernetes service that is named like this "
            "setting: enableServiceLinks: false in the pod's spec keeps it out, or set the variable"
        )
    if error["type"] == "string_pattern_mismatch":
        return _to_be_written(str(error["loc"][0])) or str(error["msg"])
    return str(error["msg"])


def _to_be_written(name: str) -> str:
    """How a setting is written that has a pattern, with an example; empty: nobody says."""
    field = Settings.model_fields.get(name)
    extra = field.json_schema_extra if field else None
    return f"write {extra['write']}" if isinstance(extra, dict) and "write" in extra else ""
