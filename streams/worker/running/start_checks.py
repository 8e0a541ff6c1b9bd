"""What a worker looks at before it starts: what only an operator can mend, and what is unwise."""

import logging
import os

from pydantic import SecretStr

from streams.cli.printable import many
from streams.contract.errors import Misconfigured
from streams.contract.settings import Settings
from streams.worker.topology import data_folder

logger = logging.getLogger(__name__)

HEARTBEATS_MIN = 3
"""In a session timeout: of fewer one that is late costs a worker its place."""
ROUNDING = 1e-9
"""3 times 1.1 s is more than 3.3 s in floating point."""
SECRET_CHARS_MIN = 12
"""A shorter secret can be guessed."""


def check_start(settings: Settings) -> None:
    """Raises `Misconfigured` for what would end the worker later; warns of what is unwise.

    >>> check_start(Settings(heartbeat_s=20.0, session_timeout_s=10.0))
    Traceback (most recent call last):
      ...
    streams.contract.errors.Misconfigured: GOESWITH_HEARTBEAT_S=20 is more than a third of
    GOESWITH_SESSION_TIMEOUT_S=10: the group would take the worker for gone
    """
    _check_heartbeat(settings)
    _check_folder(settings)
    for said in short_secrets(settings):
        logger.warning(said)


def short_secrets(settings: Settings) -> list[str]:
    """What is to be said of secrets that are easily guessed, without saying them.

    >>> short_secrets(Settings(receipt_secret=SecretStr("x, and-another-one-that-is-long")))
    ['a secret of GOESWITH_RECEIPT_SECRET has 1 character: who guesses it can forge what it seals;
    12 at least']
    """
    given = {
        "GOESWITH_RECEIPT_SECRET": settings.receipt_secret,
        "GOESWITH_CHECKPOINT_KEY": settings.checkpoint_key,
    }
    return [
        f"a secret of {name} has {many(size, 'characters')}: who guesses it can forge what it "
        f"seals; {SECRET_CHARS_MIN} at least"
        for name, secrets in given.items()
        for size in _lengths(secrets)
        if size < SECRET_CHARS_MIN
    ]


def _lengths(secrets: SecretStr) -> list[int]:
    return [len(one) for one in map(str.strip, secrets.get_secret_value().split(",")) if one]


def _check_heartbeat(settings: Settings) -> None:
    """A heartbeat that nobody has set is no reason to end a worker that ran with it: it is told."""
    beat_s, timeout_s = settings.heartbeat_s, settings.session_timeout_s
    if beat_s * HEARTBEATS_MIN <= timeout_s * (1.0 + ROUNDING):
        return
    said = (
        f"GOESWITH_HEARTBEAT_S={beat_s:g} is more than a third of "
        f"GOESWITH_SESSION_TIMEOUT_S={timeout_s:g}: the group would take the worker for gone"
    )
    if "heartbeat_s" in settings.model_fields_set or beat_s >= timeout_s:
        raise Misconfigured(said)
    logger.warning("%s where one of its heartbeats is late", said)


def _check_folder(settings: Settings) -> None:
    folder = data_folder(settings)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror or type(error).__name__
    else:
        if os.access(folder, os.W_OK | os.X_OK):
            return
        why = "Permission denied"
    raise Misconfigured(
        f"{folder} is no folder that a worker can keep files in ({why}): name one in "
        "GOESWITH_DATA_DIR"
    )
