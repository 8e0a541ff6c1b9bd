"""A prompt or a withdrawal on one line: for people, or for programs."""

import json
from datetime import UTC, datetime

from streams.cli.printable import printable
from streams.contract.published.prompts import Prompt, Published


def line(said: Published) -> str:
    """One line for people, safe for a terminal; times are UTC.

    >>> from streams.contract.schemas.examples import PROMPT, PROMPT_WITHDRAWN
    >>> print(line(PROMPT))
    00:00:01Z session-7 bought_together bread -> butter: Often bought together with bread
    >>> print(line(PROMPT_WITHDRAWN))  # doctest: +ELLIPSIS
    00:00:21Z session-7 withdrawn ... because added
    """
    at = datetime.fromtimestamp(said.occurred_at_ms / 1000, UTC).strftime("%H:%M:%SZ")
    if isinstance(said, Prompt):
        items = ", ".join(printable(item.item_id) for item in said.items)
        what = f"{printable(said.arm)} {printable(said.anchor)} -> {items}"
        return f"{at} {printable(said.session_id)} {what}: {printable(said.reason.text)}"
    why = f"withdrawn {printable(said.prompt_id)} because {said.because}"
    return f"{at} {printable(said.session_id)} {why}"


def json_line(said: Published) -> str:
    """The record as it was published, on one line of ASCII."""
    return json.dumps(said.model_dump(mode="json", exclude_none=True))
