"""Controls on the page of experiments: how the shop is run, by whom, and why; forms for operators.

A change goes the way of `goeswith control set`: checked as workers check it, then sent to the same
topic. A page of another site cannot send one: the cookie stays at home (`SameSite=Strict`), and a
form is taken only where the browser says that it came from this console.
"""

import json
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from streams.contract.errors import GoeswithError
from streams.contract.events.reference.control import ControlRecord
from streams.contract.events.reference.declared import named_by
from streams.operations.console.access import Visitor, is_from_here
from streams.operations.console.pages.rendering import Console, Here, form_of, rendered
from streams.operations.console.pages.words import moment
from streams.operations.console.watching.controls import TakenOut
from streams.shop.decision.catalog.told_arms import TOLD_ARMS
from streams.shop.decision.controls.arm_names import ARM_NAMES
from streams.shop.decision.controls.registry import CONTROLS, known
from streams.storefront.reference.control_changes import change
from streams.storefront.reference.control_command import parsed

router = APIRouter()
PATH = "/experiments/controls"
FORM_BYTES_MAX = 20_000
SHOWN_CHARS_MAX = 200
CELL_CHARS_MAX = 40
"""A longer value would push author and reason out of sight: its cell unfolds."""
STATES = ("on", "off", "shadow")


@router.get(PATH)
async def back(_: Here) -> Response:
    """Whoever reloads the page of a refusal is back where the forms are."""
    return RedirectResponse("/experiments", 303)


@router.post(PATH)
async def changed(request: Request, here: Here) -> Response:
    """Make the change of the form, or say why not."""
    visitor, said = await sent_by_operator(request)
    try:
        record = wanted(said, visitor, _standing(here))
        await run_in_threadpool(here.operate, record)
    except GoeswithError as error:
        return rendered(request, "refused_control.html", status=400, said=str(error))
    return RedirectResponse(f"/experiments?changed={quote(record.key)}#controls", 303)


async def sent_by_operator(request: Request) -> tuple[Visitor, dict[str, str]]:
    """Who sent a form, and its fields; answers 403 to whom it is not for."""
    visitor: Visitor = request.state.visitor
    if not visitor.operator:
        raise HTTPException(403, "You may look here, and change nothing: that is for operators")
    if not is_from_here(request):
        raise HTTPException(403, "This form came from another site, so nothing was changed")
    return visitor, await form_of(request, FORM_BYTES_MAX)


def _standing(console: Console) -> dict[str, ControlRecord]:
    seen = console.sources.controls.reading.value
    return {} if seen is None else seen.standing


def wanted(
    said: dict[str, str], visitor: Visitor, standing: dict[str, ControlRecord]
) -> ControlRecord:
    """The change that a form asks for. Raises `Misconfigured` for one that workers would refuse."""
    value = said.get("value", "").strip()
    author = visitor.name or said.get("author", "").strip()
    return change(
        said.get("control", "").strip(),
        parsed(value) if value else None,
        author,
        said.get("reason", "").strip(),
        standing=lambda: standing,
    )


def shown(console: Console, request: Request) -> dict[str, Any]:
    """What stands, what was changed last, and what an operator may do about it."""
    source = console.sources.controls
    seen, visitor = source.reading.value, getattr(request.state, "visitor", None)
    standing = _standing(console)
    key = request.query_params.get("changed", "")
    return {
        "controls_trouble": source.reading.trouble,
        "arms": [_arm(arm, standing, _idle(arm, console)) for arm in ARM_NAMES],
        "others": [_row(standing[key]) for key in sorted(standing) if _is_other(key)],
        "trail": [_change(record) for record in (() if seen is None else seen.trail)],
        "operator": visitor is not None and visitor.operator,
        "states": STATES,
        "keys": [key for one in CONTROLS for key in _keys(one.name)],
        "controls": CONTROLS,
        "changed": key if known(key) is not None or named_by(key) is not None else "",
    }


def told(console: Console) -> dict[str, Any]:
    """The same for programs: records as they stand, the newest changes, the newest first."""
    reading = console.sources.controls.reading
    trail = () if reading.value is None else reading.value.trail
    return {
        "standing": {key: _told(one) for key, one in sorted(_standing(console).items())},
        "trail": [_told(one) for one in trail],
        "trouble": reading.trouble,
    }


def _told(record: ControlRecord | TakenOut) -> dict[str, Any]:
    """A record; of a tombstone nobody says by whom it is, and why."""
    by = {"author": None, "reason": None, "value": None}
    if isinstance(record, TakenOut):
        return by | record._asdict() | {"tombstone": True}
    said = {"key": record.key, "at_ms": record.at_ms, "tombstone": False}
    return said | {name: getattr(record, name) for name in by}


def _is_other(key: str) -> bool:
    """What is told elsewhere on the page is left out: arms, and what was declared."""
    return not key.startswith("arms.") and named_by(key) is None


def _idle(arm: str, console: Console) -> str:
    """Why an arm is in no figure; empty where it is in one, or not all has been read."""
    seen = console.sources.outcomes.reading.value
    if seen is None or seen.read_share < 1.0 or arm in {row.arm for row in seen.arms.rows}:
        return ""
    told = "offers what the catalogue, curators or a control say, and" if arm in TOLD_ARMS else ""
    return f"{told} no prompt of it has settled so far".strip()


def _arm(arm: str, standing: dict[str, ControlRecord], idle: str) -> dict[str, str]:
    """How an arm is run."""
    state, share = (standing.get(f"arms.{arm}.{what}") for what in ("state", "share_max"))
    return {
        "arm": arm,
        "state": "on" if state is None else str(state.value),
        "share": "" if share is None else _text(share.value),
        "by": "" if state is None else f"{state.author}: {state.reason}",
        "idle": idle,
    }


def _change(record: ControlRecord | TakenOut) -> dict[str, str]:
    """A row of the table of changes: `whole` is what a long value unfolds to, else empty."""
    if isinstance(record, TakenOut):
        at, why = moment(record.at_ms / 1000), "taken out by a tombstone"
        row = {"at": at, "key": record.key, "value": "not set", "author": "", "reason": why}
        return row | {"whole": ""}
    said = "" if record.value is None else json.dumps(record.value, ensure_ascii=False)
    if len(said) <= CELL_CHARS_MAX:
        return _row(record) | {"whole": ""}
    name = f"value-{record.at_ms}-{quote(record.key, safe='')}"
    return _row(record) | {"value": f"{said[:CELL_CHARS_MAX]}…", "whole": said, "name": name}


def _row(record: ControlRecord) -> dict[str, str]:
    """What stands, in words."""
    return {
        "at": moment(record.at_ms / 1000),
        "key": record.key,
        "value": "not set" if record.value is None else _text(record.value),
        "author": record.author,
        "reason": record.reason,
    }


def _keys(name: str) -> list[str]:
    """The keys to choose from: of what is said of items there are as many as items."""
    if "<item>" in name:
        return []
    return [name.replace("<arm>", arm) for arm in ARM_NAMES] if "<arm>" in name else [name]


def _text(value: Any) -> str:
    said = json.dumps(value, ensure_ascii=False)
    return said if len(said) <= SHOWN_CHARS_MAX else f"{said[:SHOWN_CHARS_MAX]}…"
