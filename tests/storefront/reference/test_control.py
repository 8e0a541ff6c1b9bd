"""What `goeswith control` takes for a change, and for a value."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from streams.contract.errors import Misconfigured
from streams.contract.events.reference.control import ControlRecord
from streams.storefront.reference import control_command
from streams.storefront.reference.control_command import control, parsed

STANDING = {"on": 1, "off": False, "share": {"a": 1, "b": [True]}}


def _said(name: str, value: Any) -> ControlRecord:
    return ControlRecord(key=name, value=value, author="ann", reason="why", at_ms=1_767_225_600_000)


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
    typed = ["apply", str(file), "--reason", "why", "--author", "ann", "--dry-run", "--json"]
    result = CliRunner().invoke(control, typed, catch_exceptions=False)

    assert json.dumps(changed) == json.dumps(json.loads(result.output)["changed"])


def test_a_value_that_is_nested_too_deeply_is_told() -> None:
    """However it was typed."""
    with pytest.raises(Misconfigured, match="nested too deeply"):
        parsed("[" * 100_000)
