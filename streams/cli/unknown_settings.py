"""Variables called `GOESWITH_…` that are no settings: mistyped ones, which would be ignored.

A worker refuses to start with one; the tools say so and go on. Kubernetes makes variables of the
names of services (`GOESWITH_REDIS_SERVICE_HOST`, `GOESWITH_PORT=tcp://…`): these are nobody's slip.
One that has the name of a setting (of a service `goeswith-web`: `GOESWITH_WEB_PORT`) is refused
with its cause.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches

from streams.cli.options import SECRETS, SERVICE_SCHEMES
from streams.contract.errors import Misconfigured
from streams.contract.settings import Settings

PREFIX = "GOESWITH_"
OURS = frozenset({"GOESWITH_DATA"})
"""Read by tests and benchmarks; no settings."""
SERVICE_LINK = re.compile(r"_(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)$")
LIKENESS = 0.7


def unknown_settings(environment: Mapping[str, str]) -> list[str]:
    """A sentence for each variable that looks like a setting and is none.

    >>> unknown_settings({"GOESWITH_COOLDOWN_S": "5", "GOESWITH_COOL_DOWN_S": "5"})
    ['unknown setting GOESWITH_COOLDOWN_S; did you mean GOESWITH_COOL_DOWN_S?']
    """
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    known += [f"{PREFIX}{name.upper()}_FILE" for name in SECRETS]
    return [
        _sentence(name, known)
        for name, value in sorted(environment.items())
        if name.upper().startswith(PREFIX)
        and name.upper() not in (*known, *OURS)
        and not _is_service_link(name.upper(), value)
    ]


def refuse_unknown_settings(environment: Mapping[str, str]) -> None:
    """Raise `Misconfigured` when there is one: a worker must not run under another setting."""
    if unknown := unknown_settings(environment):
        raise Misconfigured("; ".join(unknown))


def _sentence(name: str, known: list[str]) -> str:
    names = [one.removeprefix(PREFIX) for one in known]
    like = get_close_matches(name.upper().removeprefix(PREFIX), names, n=1, cutoff=LIKENESS)
    meant = f"did you mean {PREFIX}{like[0]}?" if like else "docs/settings.md lists them"
    return f"unknown setting {name}; {meant}"


def _is_service_link(name: str, value: str) -> bool:
    return bool(SERVICE_LINK.search(name)) or value.startswith(SERVICE_SCHEMES)
