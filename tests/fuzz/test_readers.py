"""For all bytes: a reader returns a value, or raises an error of its own with a message."""

import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models import SnapshotError
from models.snapshot.snapshot import pack, unpack
from streams.clients.checkpoints.file_store import FileStore
from streams.clients.checkpoints.pointer import Pointer, pointer_in
from streams.clients.checkpoints.redis_store import _name
from streams.clients.connection.tokens import read_token
from streams.contract.errors import BadInput, CheckpointRefused, GoeswithError, NoToken
from streams.contract.events import decode
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.events.reference.codec import decode_reference
from streams.contract.events.reference.control import ControlRecord
from streams.contract.published.outcomes import ANY_OUTCOME
from streams.contract.published.prompts import ANY_PUBLISHED
from streams.contract.receipts import Receipts
from streams.contract.schemas.examples import (
    EXAMPLES,
    NEW_YEAR_MS,
    RECEIPT,
    SECRET,
    SESSION,
    UNIT_OUTCOMES,
)
from streams.contract.schemas.reference_examples import CATALOG_ITEM, CONTROL_RECORD
from streams.contract.settings import Settings
from streams.experiments.off_policy.target_policy import read_policy
from streams.experiments.uplift import kept_units
from streams.experiments.uplift.command import Looked, findings
from streams.experiments.uplift.tables import as_values, report
from streams.experiments.uplift.units import Units
from streams.lab.evaluate.logs.formats import FORMATS
from streams.operations.console.pages.rendering import TEMPLATES
from streams.operations.console.watching.workers import Readiness, WorkerSeen, WorkerState
from streams.shop.checkpoint import read
from streams.shop.format.framing import MAGIC
from streams.storefront.event_lines import Line, sent
from streams.storefront.reference.formats.drafts import Options
from streams.storefront.reference.reading import CatalogFile
from streams.storefront.validate import in_words
from streams.storefront.validation import Validator
from streams.views.reader import board_in, prompts_in, telemetry_in
from streams.worker.health.peers import Peers, Statement
from tests.fuzz.hostile_json import WORDS, nearly, tried

SETTINGS = Settings(receipt_secret=SECRET)
EVENTS = [json.loads(one.model_dump_json()) for name, one in EXAMPLES.items()]
POINTER = {
    "version": 1,
    "generations": [
        {
            "fingerprint": "1f0c3a5e7b92",
            "sha256": "00",
            "offsets": [1, 2],
            "size": 9,
            "lineage": "0123456789abcdef",
            "events": 3,
            "reach": 3,
            "made_at_ms": NEW_YEAR_MS,
        }
    ],
    "kept": {},
}
HEADER = {"version": 1, "position": {"0": 1}, "parts": {"sessions": 9}, "made_at_ms": 1}
STATEMENT = json.loads(
    Statement(
        group="shop", worker="ann", life="a1", standing="here", told={"floor": 1}
    ).model_dump_json()
)
TOKEN = {"access_token": "bread.eyJleHAiOiAxfQ.x", "expires_in": 300}
NAME = {"id": "1f0c", "pieces": 2, "reach": 9, "lineage": "0123456789abcdef", "events": 9}
NAME |= {"fingerprint": "1f0c3a5e7b92"}
POLICY = {"default": {"popular": 0.5, "buy_again": 0.5}, "contexts": {"basket/new": {"popular": 1}}}
BOARD = {"until_ms": NEW_YEAR_MS, "sums": {"popular": {"shown": 1}}, "left": False}
OTTO = {"session": 1, "events": [{"aid": 2, "ts": 3, "type": "carts"}]}


def units() -> dict[str, Any]:
    """A file of units that were kept."""
    known = Units()
    for outcome in UNIT_OUTCOMES:
        known.add(outcome)
    kept = {"version": 2, "topic": "topic", "begins_ms": None, "next": {"0": 4}}
    return json.loads(json.dumps({**kept, "units": known.state()}))  # type: ignore[no-any-return]


def of_file(reader: Callable[[Path], object], suffix: str = "") -> Callable[[bytes], object]:
    """A reader of bytes, from one of files."""

    def read_bytes(raw: bytes) -> object:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"file{suffix}"
            path.write_bytes(raw)
            return reader(path)

    return read_bytes


def kept_and_told(path: Path) -> object:
    """Units that were kept, told of by the command and kept again."""
    kept = kept_units.read(path, "topic")
    assert kept is not None
    found = findings(SETTINGS, Looked(kept, 0))
    kept_units.write(path, "topic", kept)
    return json.dumps(as_values(found)), report(found)


def validated(raw: bytes) -> object:
    """What `goeswith validate` says."""
    return in_words(Validator(SETTINGS, NEW_YEAR_MS).judge(Line(1, raw, cut=False)))


def heard(raw: bytes) -> object:
    """What a worker makes of what its peers say, when it looks who is there."""
    peers = Peers("shop", "bob", "b1", silence_ms=10_000)
    peers.note(1, NEW_YEAR_MS, raw, at_ms=0)
    return peers.there(before=7, at_ms=0)


def sessions_of(file_format: str, path: Path) -> object:
    """The sessions of a log in this format."""
    return list(FORMATS[file_format](path))


class Reader(NamedTuple):
    """What reads bytes, what it may raise, and what nearly is what it reads."""

    read: Callable[[bytes], object]
    refuses: type[Exception]
    examples: list[Any]


WORKER = {
    "worker": "worker-1",
    "memory": {"rss_bytes": 400_000_000},
    "assigned": [0],
    "telemetry": {"answered": 3, "delivered_ms": {"p50_ms_max": 5, "p99_ms_max": 15.5}},
    "ready": True,
    "reasons": ["folding the log"],
}


def page_of_worker(raw: bytes) -> str:
    """What the console shows of a worker that says this at both addresses."""
    told = Readiness.model_validate_json(raw), WorkerState.model_validate_json(raw)
    page = TEMPLATES.get_template("operations.html")
    asked = {"workers": [WorkerSeen("http://worker-1:6066", *told)], "asked": True, "members": None}
    known: dict[str, Any] = {
        "checkpoints": None,
        "letters": None,
        "notices": [],
        "now_s": 0.0,
        "every_s": 60.0,
    }
    return "".join(page.blocks["live"](page.new_context(asked | known)))


READERS = {
    "event": Reader(
        lambda raw: decode(SESSION.encode(), raw, timestamp_ms=NEW_YEAR_MS, settings=SETTINGS),
        BadInput,
        EVENTS,
    ),
    "prompt": Reader(ANY_PUBLISHED.validate_json, ValidationError, EVENTS),
    "outcome": Reader(ANY_OUTCOME.validate_json, ValidationError, EVENTS),
    "receipt": Reader(
        lambda raw: Receipts(SECRET).open(raw.decode("utf-8", "surrogateescape"), SESSION),
        BadInput,
        [RECEIPT],
    ),
    "line": Reader(sent, GoeswithError, [*EVENTS, {"key": SESSION, "value": EVENTS[0], "ts": 1}]),
    "validated": Reader(validated, GoeswithError, EVENTS),
    "pointer": Reader(pointer_in, CheckpointRefused, [POINTER]),
    "checkpoint": Reader(
        lambda raw: read(MAGIC + raw.replace(b"\n", b"") + b"\n"), CheckpointRefused, [HEADER]
    ),
    "checkpoint file": Reader(
        of_file(lambda path: FileStore(path).read()), CheckpointRefused, [HEADER]
    ),
    "snapshot": Reader(
        lambda raw: unpack(b"goeswith-snapshot " + raw, "Basket", 1),
        SnapshotError,
        [json.loads(pack("Basket", 1, {}).split(b"\n")[0].split(b" ", 1)[1])],
    ),
    "catalogue record": Reader(
        lambda raw: decode_reference(CatalogItem, b"jam", raw),
        BadInput,
        [{**json.loads(CATALOG_ITEM.model_dump_json()), "item_id": "jam"}],
    ),
    "control record": Reader(
        lambda raw: decode_reference(ControlRecord, CONTROL_RECORD.key.encode(), raw),
        BadInput,
        [json.loads(CONTROL_RECORD.model_dump_json())],
    ),
    "catalogue file": Reader(
        of_file(lambda path: [*CatalogFile(path, Options()).read()]),
        GoeswithError,
        [json.loads(CATALOG_ITEM.model_dump_json())],
    ),
    "name in Redis": Reader(_name, GoeswithError, [NAME]),
    "token": Reader(lambda raw: read_token(raw, "HERE", 0.0), NoToken, [TOKEN]),
    "statement": Reader(heard, GoeswithError, [STATEMENT]),
    "policy": Reader(of_file(read_policy, ".json"), GoeswithError, [POLICY]),
    "policy in TOML": Reader(of_file(read_policy, ".toml"), GoeswithError, [POLICY]),
    "kept units": Reader(of_file(kept_and_told), GoeswithError, [units()]),
    "view": Reader(prompts_in, GoeswithError, [[EVENTS[-1]]]),
    "telemetry": Reader(telemetry_in, GoeswithError, [{"answers": 1}]),
    "board": Reader(board_in, GoeswithError, [BOARD]),
    "worker's page": Reader(page_of_worker, ValidationError, [WORKER]),
}
for file_format in FORMATS:
    sessions = partial(sessions_of, file_format)
    READERS[f"{file_format} to evaluate"] = Reader(
        of_file(sessions), GoeswithError, [*EVENTS, OTTO]
    )


@pytest.mark.parametrize("name", READERS)
@tried
@given(data=st.data())
def test_any_bytes_are_a_value_or_refused_by_an_error_of_ours(
    name: str, data: st.DataObject
) -> None:
    """Never a traceback, whoever wrote them."""
    reader = READERS[name]
    raw = data.draw(nearly(*reader.examples))

    try:
        reader.read(raw)
    except reader.refuses as refused:
        said = str(refused)
    else:
        return
    assert said


@pytest.mark.parametrize("name", READERS)
def test_each_word_by_itself_and_in_an_object_is_a_value_or_refused(name: str) -> None:
    """Those that a library has stumbled over once."""
    reader = READERS[name]
    for word in WORDS.values():
        for said in (word, f'{{"a": {word}}}'):
            with suppress(reader.refuses):
                reader.read(said.encode("utf-8", "surrogatepass"))


def test_what_is_nearly_right_begins_as_what_is() -> None:
    """Otherwise only the first check of each reader would be tried."""
    Pointer.model_validate(POINTER)
    assert _name(json.dumps(NAME).encode()) == NAME
    assert board_in(json.dumps(BOARD).encode()) is not None
    assert heard(json.dumps(STATEMENT).encode())
    assert of_file(read_policy, ".json")(json.dumps(POLICY).encode())
    assert of_file(kept_and_told)(json.dumps(units()).encode())
