"""What `goeswith control` takes for a change, and for a value."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from streams.cli.root import goeswith
from streams.contract.errors import Misconfigured
from streams.contract.events.reference.codec import encode_reference
from streams.contract.events.reference.control import ControlRecord
from streams.contract.settings import Settings
from streams.lab.embedded.broker import EmbeddedBroker
from streams.shop.decision.controls.registry import CONTROLS
from streams.storefront.reference import control_command
from streams.storefront.reference.control_changes import change, note_of
from streams.storefront.reference.control_command import parsed
from tests.integration.operators import ByHand, Operator, send
from tests.stories import NOON_MS

WHY = ("--author", "ann", "--reason", "why")
STANDING = {"on": 1, "off": False, "share": {"a": 1, "b": [True]}}


def _said(name: str, value: Any) -> ControlRecord:
    return ControlRecord(key=name, value=value, author="ann", reason="why", at_ms=1_767_225_600_000)


@pytest.fixture
def operator(embedded_broker: EmbeddedBroker, topic_prefix: str) -> Operator:
    """Of a shop in which no control is set."""
    settings = Settings(
        kafka_bootstrap=embedded_broker.bootstrap,
        kafka_api_version="2.0",
        topic_prefix=topic_prefix,
    )
    embedded_broker.create_topic(settings.topics.control, 1)
    return Operator(settings)


@pytest.mark.parametrize(
    ("wanted", "changed"),
    [
        ({"on": True}, {"on": True}),
        ({"off": 0}, {"off": 0}),
        ({"share": {"b": [1], "a": 1}}, {"share": {"b": [1], "a": 1}}),
        ({"on": 1, "off": False, "share": {"b": [True], "a": 1}, "new": None}, {}),
    ],
)
def test_what_differs_as_json_is_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: Any, changed: Any
) -> None:
    """Python takes true for 1; whoever reads the control does not."""
    standing = {name: _said(name, value) for name, value in STANDING.items()}
    monkeypatch.setattr(control_command, "latest", lambda *_, **__: standing)
    file = tmp_path / "controls.json"
    file.write_text(json.dumps(wanted))
    said = ("--reason", "why", "--author", "ann", "--dry-run", "--json")
    typed = ["control", "apply", str(file), *said]
    result = CliRunner().invoke(goeswith, typed, catch_exceptions=False)

    assert json.dumps(changed) == json.dumps(json.loads(result.output)["changed"])


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("arms.nobody.state", "off", "control arms.nobody.state: there is no arm nobody: bought_"),
        ("policy.floor", 0.9, "control policy.floor: 0.9 is more than each of"),
        ("policy.floor", 1e-300, "control policy.floor: must be 0, or 0.000001 and more"),
        ("arms.popular.state", "loud", "control arms.popular.state: Input should be 'on', 'off'"),
        ("Floor", 0.1, "control Floor: key: String should match"),
    ],
)
def test_what_workers_would_refuse_is_not_sent_and_the_reason_said(
    key: str, value: Any, said: str
) -> None:
    """The name once, and what it could be."""
    with pytest.raises(Misconfigured) as refused:
        change(key, value, "ann", "why")
    assert f"{refused.value}".startswith(said)


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("prompts.pausd", "did you mean prompts.paused?"),
        ("prompt.paused", "did you mean prompts.paused?"),
        ("arms.floor", "there is no such control"),
        ("arms.populr", "did you mean arms.popular.state?"),
        ("policy.flor", "did you mean policy.floor?"),
        ("loyalty.programme", "did you mean loyalty.program?"),
        ("items.hiden", "did you mean items.hidden?"),
        ("PROMPTS.PAUSED", "did you mean prompts.paused?"),
    ],
)
def test_a_slip_of_the_pen_in_a_name_is_refused_and_what_was_meant_is_said(
    operator: Operator, key: str, meant: str, tmp_path: Path
) -> None:
    """The kill switch did not kill, and said that it was on; nor is it off by such a name.

    A file is not set, either. Nothing can be called by a name in capitals, whatever is typed.
    """
    for value in ("true", "null"):
        file = _file(tmp_path, {key: json.loads(value)})
        for typed in (("set", key, value), ("apply", file)):
            result = operator.types("control", *typed, *WHY)

            assert 2 == result.exit_code
            assert f"control {key}: there is no such control" in result.output
            assert meant in result.output
            assert key.islower() == ("--unknown" in result.output)
    assert "{}" == operator.types("control", "export").stdout.strip()


def test_notes_of_before_that_look_like_controls_are_no_slips(
    operator: Operator, tmp_path: Path
) -> None:
    """What was exported can be applied, and a note be taken back; what differs is looked at."""
    for key, value in (("prompts.owner", "ann"), ("prompts.paused", "true")):
        operator.types("control", "set", key, value, *WHY, "--unknown")
    exported = json.loads(operator.types("control", "export").stdout)
    changed = _file(tmp_path, exported | {"prompts.paused": False})
    asked = operator.asks("control", "apply", changed, *WHY, "--dry-run")
    other = _file(tmp_path, exported | {"prompts.owner": "bob"})
    refused = operator.types("control", "apply", other, *WHY)

    assert {"prompts.owner": "ann", "prompts.paused": True} == exported
    assert {"prompts.paused": False} == asked["changed"]
    assert (2, True) == (refused.exit_code, "control prompts.owner: " in refused.output)
    assert 0 == operator.types("control", "set", "prompts.owner", "null", *WHY).exit_code
    assert 2 == operator.types("control", "set", "prompts.owner", "null", *WHY).exit_code


def test_what_workers_refuse_is_not_said_to_stand(operator: Operator, tmp_path: Path) -> None:
    """The last good one stands, and is exported; history says what was refused, and why."""
    by_hand = [
        ControlRecord(key=key, value=value, author=who, reason="why", at_ms=NOON_MS)
        for key, value, who in (
            ("policy.floor", 0.05, "ann"),
            ("policy.floor", 0.6, "bob"),
            ("arms.popular.state", "off", "ann"),
            ("arms.popular.state", "bogus", "bob"),
        )
    ]
    send(
        operator.settings,
        operator.settings.topics.control,
        [ByHand(one.key.encode(), encode_reference(one)) for one in by_hand],
    )
    got = operator.asks("control", "get", "policy.floor")
    exported = operator.types("control", "export").stdout
    file = tmp_path / "exported.json"
    file.write_text(exported)
    applied = operator.types("control", "apply", str(file), *WHY)
    history = operator.types("control", "history").stdout

    assert (0.05, "ann") == (got["value"], got["author"])
    assert {"policy.floor": 0.05, "arms.popular.state": "off"} == json.loads(exported)
    assert (0, "0 of 2 controls changed") == (applied.exit_code, applied.stdout.strip())
    assert "policy.floor  refused: invalid_control: policy.floor: 0.6 is more than" in history
    assert "arms.popular.state  refused: invalid_control: arms.popular.state: Input" in history


def test_a_value_below_zero_is_refused_for_what_it_is(operator: Operator) -> None:
    """And not as an option that there is not; options that are misspelt still are."""
    floor = operator.types("control", "set", "policy.floor", "-0.1", *WHY)
    slip = operator.types("control", "set", "policy.floor", "0.1", "--resaon", "why")
    note = operator.types("control", "set", "till.temperature", "-.5e1", *WHY)

    assert "control policy.floor: Input should be greater than" in floor.output
    assert "No such option: --resaon" in slip.output
    assert (0, "till.temperature is ") == (note.exit_code, note.output[:20])


def _file(folder: Path, controls: Mapping[str, Any]) -> str:
    file = folder / "controls.json"
    file.write_text(json.dumps(controls))
    return str(file)


def test_what_looks_like_a_control_is_set_for_workers_that_know_more_and_taken_back() -> None:
    """And any other name is a note, as before."""
    assert change("prompts.tone", "kind", "ann", "why", unknown=True).value == "kind"
    stands = {"prompts.pausd": _said("prompts.pausd", True)}
    assert change("prompts.pausd", None, "ann", "why", standing=lambda: stands).value is None
    for note in ("floor", "slots", "till.closed", "share"):
        assert 1 == change(note, 1, "ann", "why").value


def test_all_of_a_file_is_refused_where_one_control_cannot_be(tmp_path: Path) -> None:
    """Nothing is asked of Kafka before."""
    file = tmp_path / "controls.json"
    file.write_text(json.dumps({"prompts.paused": True, "policy.floor": 2}))
    result = CliRunner().invoke(goeswith, ["control", "apply", str(file), "--reason", "why"])

    assert isinstance(result.exception, Misconfigured) or "policy.floor" in result.output


def test_only_what_decides_nothing_is_told_to_be_a_note() -> None:
    """So that a slip of the pen is seen."""
    assert "till.floor is a note" in note_of(_said("till.floor", 0.1))
    assert "" == note_of(_said("policy.floor", 0.1))


def test_every_control_is_told_with_what_it_does_and_what_it_can_be() -> None:
    """For people, and for programs."""
    told = CliRunner().invoke(goeswith, ["control", "known"], catch_exceptions=False).output
    asked = ["control", "known", "--json"]
    lines = CliRunner().invoke(goeswith, asked, catch_exceptions=False).output
    parsed_lines = [json.loads(line) for line in lines.splitlines()]

    assert all(one.name in told for one in CONTROLS)
    assert [one.name for one in CONTROLS] == [line["key"] for line in parsed_lines]
    assert all(line["schema"] for line in parsed_lines)


def test_the_page_tells_of_every_control() -> None:
    """In a row of its table."""
    page = Path("docs/catalog.md").read_text()
    assert all(f"| `{one.name}` |" in page for one in CONTROLS)


def test_a_value_that_is_nested_too_deeply_is_told() -> None:
    """However it was typed."""
    with pytest.raises(Misconfigured, match="nested too deeply"):
        parsed("[" * 100_000)


@pytest.mark.parametrize(
    "said",
    [
        '{"prompts.paused": false, "prompts.paused": true}',
        '{"share": {"a": 1, "a": 2}}',
    ],
)
def test_a_file_that_says_two_things_of_one_control_is_refused(tmp_path: Path, said: str) -> None:
    """The last would win, unsaid."""
    file = tmp_path / "controls.json"
    file.write_text(said)
    result = CliRunner().invoke(goeswith, ["control", "apply", str(file), "--reason", "why"])

    assert 0 != result.exit_code
    assert "is there twice" in f"{result.exception}{result.output}"


def test_a_value_that_says_two_things_of_one_key_is_refused() -> None:
    """Nor is it a text."""
    with pytest.raises(Misconfigured, match="the key a is there twice"):
        parsed('{"a": 1, "a": 2}')


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        (["nothing"], 1, "no change of nothing is kept"),
        ([], 0, "no change of any control is kept"),
        (["nothing", "--json"], 1, "no change of nothing is kept"),
    ],
)
def test_a_history_of_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, typed: list[str], code: int, said: str
) -> None:
    """On standard error; who asks for one control may have misspelt it."""
    monkeypatch.setattr(control_command, "kept", lambda *_, **__: iter(()))
    result = CliRunner().invoke(goeswith, ["control", "history", *typed])

    assert (code, "", f"{said}\n") == (result.exit_code, result.stdout, result.stderr)
