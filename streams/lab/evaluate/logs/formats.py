"""What files of sessions look like. A line that is not what its format says is an error.

Nothing is skipped in silence: figures from a file that was half read compare with nothing. Ids of
sessions count within their file: the same id in another file is another session.

- `sessions-tsv`: a header, then `SessionId`, `ItemId` and `Time` (seconds since 1970) separated by
  tabs, an event a line, in any order of lines; `Category` is used where there is such a column,
  further columns are ignored.
- `sequences`: a session a line, its item ids in order, separated by blanks. There are no times: the
  number of the session stands for its time.
- `events-jsonl`: a JSON object a line, either an event of goeswith (`goeswith schema event`) or a
  session as OTTO publishes them, `{"session": 1, "events": [{"aid": 2, "ts": 3, "type": "carts"}]}`
  with `ts` in milliseconds. Views and adds, clicks and carts are the steps of a session. Orders
  repeat what was added, and make none; nor does any other event.
- `baskets`: a basket a line, its item ids in any order, separated by blanks. The order is drawn
  with the seed, and the item that comes last is the one that is hidden: one example a basket.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from sys import intern
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from streams.contract.errors import FileUnusable
from streams.contract.events import ANY_EVENT, Event, ItemAdded, ItemViewed
from streams.lab.evaluate.logs.lines import TextLine, lines
from streams.lab.evaluate.logs.sessions import LoggedSession

TIME_S_MAX = 4_102_444_800
"""2100-01-01: later times are milliseconds taken for seconds."""
COLUMNS = ("SessionId", "ItemId", "Time")
CATEGORY = "Category"
STEPS = ("clicks", "carts")


class LoggedStep(NamedTuple):
    """One step of a session, as it stands in a file."""

    session_id: str
    shopper_id: str
    time_s: float
    item: str
    category: str = ""


class _OttoEvent(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    aid: int
    ts: int = Field(ge=0, le=TIME_S_MAX * 1000)
    type: Literal["clicks", "carts", "orders"]


class _OttoSession(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    session: int
    events: list[_OttoEvent]


OTTO = TypeAdapter(_OttoSession)


def sequences(path: Path) -> Iterator[LoggedSession]:
    """A session a line, in the order of the lines."""
    return (LoggedSession(tuple(map(intern, _items(line)))) for line in lines(path))


def baskets(path: Path) -> Iterator[LoggedSession]:
    """A basket a line: each item once, in the order of their ids."""
    return (LoggedSession(tuple(sorted(map(intern, set(_items(line)))))) for line in lines(path))


def _items(line: TextLine) -> list[str]:
    """What stands between blanks; JSON would be taken for items, and judged as such."""
    if line.text.lstrip().startswith("{"):
        raise line.unusable("this is JSON, no item ids between blanks: --format events-jsonl")
    return line.text.split()


def sessions_tsv(path: Path) -> Iterator[LoggedSession]:
    """Sessions by the time of their first event."""
    return _gathered(_rows(path))


def _rows(path: Path) -> Iterator[LoggedStep]:
    told = lines(path)
    header = next(told, None)
    names = header.text.split("\t") if header else []
    if missing := [name for name in COLUMNS if name not in names]:
        raise FileUnusable(
            f"{path}, line 1: no column {missing[0]}: the header has to name SessionId, ItemId and "
            "Time, separated by tabs"
        )
    places = [names.index(name) for name in COLUMNS]
    category = names.index(CATEGORY) if CATEGORY in names else None
    for line in told:
        cells = line.text.split("\t")
        if len(cells) != len(names):
            raise line.unusable(f"{len(cells)} columns, where the header has {len(names)}")
        session_id, item, time = (cells[place] for place in places)
        if not session_id.strip() or not item.strip():
            raise line.unusable(f"{'ItemId' if session_id.strip() else 'SessionId'} is empty")
        kind = "" if category is None else intern(cells[category])
        yield LoggedStep(session_id, "", _time_s(line, time), intern(item), kind)


def _time_s(line: TextLine, text: str) -> float:
    try:
        time_s = float(text)
    except ValueError:
        time_s = math.nan
    if not 0 <= time_s <= TIME_S_MAX:
        raise line.unusable(f"Time is {text[:40]!r}: give seconds since 1970")
    return time_s


def events_jsonl(path: Path) -> Iterator[LoggedSession]:
    """Sessions by the time of their first event."""
    return _gathered(chain.from_iterable(map(_steps, lines(path))))


def _steps(line: TextLine) -> Iterable[LoggedStep]:
    """The steps that a line tells: one or none of an event, all of a session of OTTO's."""
    if '"events":' in line.text and '"session_id":' not in line.text:
        return _otto_steps(_checked(OTTO, line))
    event: Event = _checked(ANY_EVENT, line)
    if not isinstance(event, ItemViewed | ItemAdded):
        return ()
    who, category = event.shopper_id or "", intern(event.category or "")
    return [LoggedStep(event.session_id, who, event.time_s, intern(event.item_id), category)]


def _otto_steps(told: _OttoSession) -> Iterator[LoggedStep]:
    for event in told.events:
        if event.type in STEPS:
            yield LoggedStep(str(told.session), "", event.ts / 1000, intern(str(event.aid)))


def _checked(kind: TypeAdapter[Any], line: TextLine) -> Any:
    try:
        return kind.validate_json(line.text)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise line.unusable(f"{where}: {first['msg']}" if where else first["msg"]) from None


def _gathered(rows: Iterable[LoggedStep]) -> Iterator[LoggedSession]:
    """Rows put together by session; those of one time stay in the order of the file."""
    found: dict[str, list[LoggedStep]] = {}
    for row in rows:
        found.setdefault(row.session_id, []).append(row)
    for steps in found.values():
        steps.sort(key=lambda row: row.time_s)
    for steps in sorted(found.values(), key=lambda steps: steps[0].time_s):
        items, times_s = (row.item for row in steps), (row.time_s for row in steps)
        categories = tuple(row.category for row in steps)
        yield LoggedSession(
            tuple(items),
            tuple(times_s),
            steps[0].shopper_id,
            categories=categories if any(categories) else (),
        )


FORMATS: dict[str, Callable[[Path], Iterator[LoggedSession]]] = {
    "sequences": sequences,
    "sessions-tsv": sessions_tsv,
    "events-jsonl": events_jsonl,
    "baskets": baskets,
}
"""Readers; each raises `FileUnusable`."""
