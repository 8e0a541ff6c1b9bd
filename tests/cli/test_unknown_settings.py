"""Variables that look like settings and are none."""

import pytest
from click.testing import CliRunner

from streams.cli.root import goeswith
from streams.cli.unknown_settings import unknown_settings
from streams.contract.settings import Settings
from streams.lab.embedded.worker_process import WorkerProcess, environment

SLIP = "unknown setting GOESWITH_COOLDOWN_S; did you mean GOESWITH_COOL_DOWN_S?"


def test_no_setting_is_unknown() -> None:
    """In any spelling that pydantic reads."""
    given = environment(Settings())

    assert [] == unknown_settings(given)
    assert [] == unknown_settings({name.lower(): value for name, value in given.items()})


def test_what_is_like_no_setting_is_told_where_they_are() -> None:
    """No guess is better than a wrong one."""
    (said,) = unknown_settings({"GOESWITH_JAM_JAR": "fresh"})

    assert "unknown setting GOESWITH_JAM_JAR; docs/settings.md lists them" == said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GOESWITH_DATA", "/data"),
        ("GOESWITH_SERVICE_HOST", "10.0.0.7"),
        ("GOESWITH_REDIS_SERVICE_PORT_RESP", "6379"),
        ("GOESWITH_PORT", "tcp://10.0.0.7:9092"),
        ("GOESWITH_PORT_9092_TCP_ADDR", "10.0.0.7"),
        ("BREAD_COOLDOWN_S", "1"),
    ],
)
def test_what_others_put_into_the_environment_is_no_slip(name: str, value: str) -> None:
    """Kubernetes tells of services by variables that are named after them."""
    assert [] == unknown_settings({name: value})


def test_a_worker_refuses_a_mistyped_setting() -> None:
    """It would answer under another cool-down than its operator believes."""
    result = CliRunner().invoke(goeswith, ["worker"], env={"GOESWITH_COOLDOWN_S": "5"})

    assert (2, f"goeswith: {SLIP}\n") == (result.exit_code, result.output)


def test_a_service_that_is_named_like_a_setting_is_told_with_what_to_do() -> None:
    """Kubernetes makes GOESWITH_WEB_PORT of a service called goeswith-web; nobody mistyped it."""
    env = {"GOESWITH_WEB_PORT": "tcp://10.0.0.7:80", "GOESWITH_ITEMS_MAX": "many"}
    result = CliRunner().invoke(goeswith, ["worker"], env=env)

    assert (2, 1) == (result.exit_code, len(result.output.splitlines()))
    assert "enableServiceLinks: false" in result.output
    assert 1 == result.output.count("enableServiceLinks")
    assert "10.0.0.7" not in result.output


def test_a_tool_says_so_and_goes_on() -> None:
    """On standard error: what reads its output is not disturbed."""
    result = CliRunner().invoke(goeswith, ["schema", "events"], env={"GOESWITH_COOLDOWN_S": "5"})

    assert (0, f"goeswith: {SLIP}\n") == (result.exit_code, result.stderr)
    assert result.stdout.startswith("{")


def test_a_demo_does_not_hand_mistyped_settings_to_its_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor any other that are not its own: they would end it."""
    monkeypatch.setenv("GOESWITH_COOLDOWN_S", "5")
    given = WorkerProcess(Settings(topic_prefix="demo"))._environment

    assert [] == unknown_settings(given)
    assert "demo" == given["GOESWITH_TOPIC_PREFIX"]
