"""Each alert fires where it should, and else stays quiet, as promtool evaluates it."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.test_docs import anchor

ROOT = Path(__file__).parent.parent.parent
RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
HANDBOOK = (ROOT / "docs" / "operations.md").read_text()
GROUP = 'consumergroup="goeswith",topic="goeswith.events",partition="3"'
STATUS = "goeswith_consumergroup_status{" + GROUP + ',status="%s"}'
LAG_S = "goeswith_consumergroup_lag_seconds{" + GROUP + "}"
SHARE = "goeswith_consumergroup_retention_ratio{" + GROUP + "}"
ANSWERED = 'goeswith_events_answered_total{instance="a"}'
BUCKET = 'goeswith_event_to_prompt_seconds_bucket{until="acknowledged",le="%s"}'
REQUESTS = 'goeswith_gateway_requests_total{instance="a",status="%s"}'
REFUSED = 'goeswith_gateway_refusals_total{instance="a",reason="%s"}'
TAKEN = 'goeswith_gateway_events_total{format="%s",result="%s"}'
WAITED = 'goeswith_gateway_acknowledged_seconds_bucket{le="%s"}'
STREAMS = 'goeswith_gateway_streams{instance="a"}'
STREAMS_LIMIT = 'goeswith_gateway_streams_limit{instance="a"}'
RECORDS = 'goeswith_gateway_prompt_records_total{result="%s"}'
UNREAD = 'goeswith_receipts_unknown_key_total{instance="%s"}'
READ = 'goeswith_outcomes_total{stage="shown",instance="%s"}'
READY_B = 'goeswith_gateway_ready{instance="b"}'


class Story(NamedTuple):
    """Series, a value each minute, in promtool's words: `a+bxn` is n steps of b after a."""

    fires: dict[str, str]
    quiet: dict[str, str]
    by_minute: int = 5
    """When it must have fired."""


STORIES = {
    "GoeswithLagging": Story({LAG_S: "0 30x9"}, {LAG_S: "0 30 0x8"}),
    "GoeswithGroupNotWell": Story(
        {STATUS % "STALLED": "0 1x9"},
        {STATUS % "WARN": "1x9", STATUS % "OK": "1x9", STATUS % "STALLED": "0 1 0x8"},
    ),
    "GoeswithTooSlow": Story({STATUS % "WARN": "1x20"}, {STATUS % "WARN": "1x6 0x14"}, 15),
    "GoeswithPartitionUnowned": Story(
        {"goeswith_consumergroup_partition_owned{" + GROUP + "}": "1 0x9"},
        {"goeswith_consumergroup_partition_owned{" + GROUP + "}": "1 0 1x8 NaN NaN NaN"},
    ),
    "GoeswithRetentionNear": Story(
        {SHARE: "0.6x20", LAG_S: "7200x20"}, {SHARE: "1x20", LAG_S: "60x20"}, 10
    ),
    "GoeswithHeldBack": Story(
        {'goeswith_topic_held_back_offsets{topic="t",partition="0"}': "5x20"},
        {'goeswith_topic_held_back_offsets{topic="t",partition="0"}': "5x5 0x15"},
        15,
    ),
    "GoeswithLagUnknown": Story({"goeswith_exporter_up": "1 0x9"}, {"goeswith_exporter_up": "1x9"}),
    "GoeswithNoWorker": Story({"other": "1x9"}, {'goeswith_worker_info{version="1"}': "1x9"}),
    "GoeswithWorkerNotReady": Story(
        {'goeswith_worker_ready{instance="a"}': "0x20"},
        {'goeswith_worker_ready{instance="a"}': "0x4 1x16"},
        10,
    ),
    "GoeswithWorkerMissing": Story(
        {'goeswith_missing_workers{consumergroup="goeswith"}': "0 1x9"},
        {'goeswith_missing_workers{consumergroup="goeswith"}': "0 1 NaN NaN NaN NaN"},
    ),
    "GoeswithVersionsDiffer": Story(
        {'goeswith_worker_info{version="%s"}' % version: "1x60" for version in "12"},  # noqa: UP031
        {'goeswith_worker_info{version="1",instance="%s"}' % one: "1x60" for one in "ab"},  # noqa: UP031
        45,
    ),
    "GoeswithMemoryShort": Story(
        {
            'process_resident_memory_bytes{instance="a"}': "900x20",
            'goeswith_memory_limit_bytes{instance="a"}': "1000x20",
        },
        {
            'process_resident_memory_bytes{instance="a"}': "900x20",
            'goeswith_memory_limit_bytes{instance="a"}': " ".join(["NaN"] * 20),
        },
        15,
    ),
    "GoeswithCheckpointsFail": Story(
        {'goeswith_checkpoints_failed_total{instance="a"}': "0+1x20"},
        {'goeswith_checkpoints_failed_total{instance="a"}': "0 1x19"},
        15,
    ),
    "GoeswithCheckpointNotUsed": Story(
        {
            'goeswith_checkpoints_refused_total{instance="a"}': "1x9",
            'process_start_time_seconds{instance="a"}': "0x9",
        },
        {
            'goeswith_checkpoints_missing{instance="a"}': "0x9",
            'goeswith_checkpoints_refused_total{instance="a"}': "0x9",
            'process_start_time_seconds{instance="a"}': "0x9",
            'goeswith_checkpoints_refused_total{instance="b"}': "1x9",
            'process_start_time_seconds{instance="b"}': "-7200x9",
        },
    ),
    "GoeswithViewsFail": Story(
        {'goeswith_views_failing{instance="a"}': "1x20"},
        {'goeswith_views_failing{instance="a"}': "1x3 0x17"},
        10,
    ),
    "GoeswithPromptsSlow": Story(
        {BUCKET % "0.2": "0+90x30", BUCKET % "0.5": "0+100x30", BUCKET % "+Inf": "0+100x30"},
        {BUCKET % "0.2": "0+100x30", BUCKET % "0.5": "0+100x30", BUCKET % "+Inf": "0+100x30"},
        20,
    ),
    "GoeswithPromptsExpire": Story(
        {'goeswith_silences_total{reason="expired"}': "0+10x30", ANSWERED: "0+100x30"},
        {'goeswith_silences_total{reason="cool_down"}': "0+90x30", ANSWERED: "0+100x30"},
        20,
    ),
    "GoeswithNoPrompts": Story(
        {'goeswith_prompts_total{instance="a"}': "7x40", ANSWERED: "0+100x40"},
        {'goeswith_prompts_total{instance="a"}': "7x40", ANSWERED: "100x40"},
        35,
    ),
    "GoeswithDeadLetters": Story(
        {'goeswith_dead_letters_total{reason="oversize"}': "0+5x20", ANSWERED: "0+100x20"},
        {'goeswith_dead_letters_total{reason="oversize"}': "0 5x19", ANSWERED: "0+100x20"},
        15,
    ),
    "GoeswithReceiptsUnread": Story(
        {UNREAD % "a": "0+20x20", UNREAD % "b": "0x20", READ % "a": "0x20", READ % "b": "0+20x20"},
        {UNREAD % "a": "0 4x4 24x15", UNREAD % "b": "0 4x4 24x15", READ % "a": "0+50x20"},
    ),
    "GoeswithGatewayNotReady": Story(
        {'goeswith_gateway_ready{instance="a"}': "1 0x9", READY_B: "1x10"},
        {'goeswith_gateway_ready{instance="a"}': "0 0 1x8", READY_B: "1x10"},
    ),
    "GoeswithGatewayFails": Story(
        {REQUESTS % "200": "0+95x30", REQUESTS % "503": "0+5x30"},
        {REQUESTS % "200": "0+99x30", REQUESTS % "503": "0+1x30", REQUESTS % "422": "0+99x30"},
        12,
    ),
    "GoeswithGatewayRefuses": Story(
        {
            REQUESTS % "200": "0+80x40",
            REQUESTS % "401": "0+20x40",
            REFUSED % "token_expired": "0+20x40",
        },
        {REQUESTS % "200": "0+80x40", REQUESTS % "403": "0+20x40", REFUSED % "robot": "0+20x40"},
        25,
    ),
    "GoeswithGatewayRejects": Story(
        {TAKEN % ("ga4", "accepted"): "0+90x40", TAKEN % ("ga4", "rejected"): "0+10x40"},
        {
            TAKEN % ("ga4", "accepted"): "0+97x40",
            TAKEN % ("ga4", "rejected"): "0+3x40",
            TAKEN % ("ga4", "ignored"): "0+900x40",
            TAKEN % ("segment", "accepted"): "0x40",
            TAKEN % ("segment", "rejected"): "0x40",
        },
        25,
    ),
    "GoeswithGatewaySlow": Story(
        {WAITED % "0.5": "0+98x30", WAITED % "1.0": "0+100x30", WAITED % "+Inf": "0+100x30"},
        {WAITED % "0.5": "0+100x30", WAITED % "1.0": "0+100x30", WAITED % "+Inf": "0+100x30"},
        20,
    ),
    "GoeswithGatewayFull": Story(
        {STREAMS: "8500x20", STREAMS_LIMIT: "10000x20"},
        {STREAMS: "7500x20", STREAMS_LIMIT: "10000x20"},
        15,
    ),
    "GoeswithGatewayUnreadable": Story(
        {RECORDS % "unreadable": "0 3x9", RECORDS % "dropped": "0+10x9"},
        {RECORDS % "unreadable": "3x9", RECORDS % "dropped": "0+10x9"},
    ),
    "GoeswithGatewayViewFails": Story(
        {'goeswith_gateway_view_failing{instance="a"}': "1x20"},
        {'goeswith_gateway_view_failing{instance="a"}': "1x3 0x17"},
        10,
    ),
}


@pytest.fixture(scope="module")
def promtool() -> str:
    """Prometheus' own tool."""
    found = shutil.which("promtool")
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "no promtool here: on Debian it is in the package prometheus"
        )
    return found


def names() -> list[str]:
    """Every alert, in order."""
    return re.findall(r"- alert: (\w+)", RULES.read_text())


def at_minutes(alert: str, series: dict[str, str], minutes: list[int]) -> dict[str, Any]:
    """A test of promtool in which this alert fires at none of these minutes."""
    given = [{"series": name, "values": values} for name, values in series.items()]
    quiet = [{"eval_time": f"{m}m", "alertname": alert, "exp_alerts": []} for m in minutes]
    return {"interval": "1m", "input_series": given, "alert_rule_test": quiet}


def judged(promtool: str, tests: list[dict[str, Any]], folder: Path) -> str:
    """What promtool finds wrong with these tests; they are JSON, which is YAML, too."""
    file = folder / "test.json"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "tests": tests}))
    done = subprocess.run(
        [promtool, "test", "rules", file], capture_output=True, text=True, check=False
    )
    assert bool(done.returncode) == ("FAILED" in done.stdout + done.stderr), done.stderr
    return done.stdout + done.stderr if done.returncode else ""


def test_every_alert_has_a_story_and_a_place_in_the_handbook() -> None:
    """Whoever is woken by one finds what to do under its name, and nothing is told of no alert."""
    headings = re.findall(r"^### (Goeswith\w+)$", HANDBOOK, re.MULTILINE)
    runbooks = re.findall(r"runbook: docs/operations\.md#(\w+)", RULES.read_text())

    assert names() == list(STORIES)
    assert sorted(names()) == sorted(headings)
    assert [anchor(name) for name in names()] == runbooks


def test_who_is_woken_by_a_missing_worker_asks_it_before_starting_it_again() -> None:
    """It may live, and wait until its settings agree with those of others."""
    alert = RULES.read_text().split("alert: GoeswithWorkerMissing")[1].split("- alert:")[0]
    place = HANDBOOK.split("### GoeswithWorkerMissing")[1].split("###")[0]

    assert "/readyz" in alert
    assert "`/readyz`" in place


def test_the_files_are_what_prometheus_reads(promtool: str) -> None:
    """The rules, and the configuration of the compose file."""
    folder = RULES.parent
    for words in (("rules", RULES), ("config", folder / "prometheus.yml")):
        done = subprocess.run(
            [promtool, "check", *words], capture_output=True, text=True, check=False
        )
        assert 0 == done.returncode, done.stdout + done.stderr


def test_alerts_stay_quiet(promtool: str, tmp_path: Path) -> None:
    """At any minute of what is no trouble, or is over soon; and when trouble has just begun."""
    tests = [
        test
        for alert, (fires, quiet, by_minute) in STORIES.items()
        for test in (
            at_minutes(alert, quiet, list(range(by_minute + 1))),
            at_minutes(alert, fires, [0]),
        )
    ]

    assert "" == judged(promtool, tests, tmp_path)


@pytest.mark.parametrize("alert", STORIES)
def test_an_alert_fires(promtool: str, alert: str, tmp_path: Path) -> None:
    """By its minute: promtool refutes that it does not."""
    fires, _, by_minute = STORIES[alert]
    said = judged(promtool, [at_minutes(alert, fires, [by_minute])], tmp_path)

    assert f"alertname: {alert}" in said
    assert "runbook" in said


@pytest.mark.parametrize("workers", [2, 3, 6, 12, 40])
def test_one_worker_that_seals_by_a_secret_of_its_own_is_told(
    promtool: str, workers: int, tmp_path: Path
) -> None:
    """However many there are: the others read all but its share. A handful made up are no sign."""
    names = [f"w{number}" for number in range(workers)]
    read = {READ % name: "0+60x20" for name in names}
    own = {UNREAD % "w0": "0x20"}
    lost = own | {UNREAD % name: "0+60x20" for name in names[1:]}
    made_up = {UNREAD % name: "0 4x4 9x15" for name in names}
    alert = "GoeswithReceiptsUnread"

    assert f"alertname: {alert}" in judged(
        promtool, [at_minutes(alert, read | lost, [10])], tmp_path
    )
    quiet = at_minutes(alert, read | made_up, list(range(21)))
    assert "" == judged(promtool, [quiet], tmp_path)
