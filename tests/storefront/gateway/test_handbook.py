"""docs/gateway.md says what is so: tokens as it makes them, refusals, what a page gets."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streams.contract.schemas.examples import PROMPT
from streams.contract.settings import Settings
from streams.contract.wire.intake import IntakeSettings
from streams.storefront.gateway.access.origins import FOREIGN_PAGE, NOT_FOR_PAGES
from streams.storefront.gateway.access.tokens import SessionTokens
from streams.storefront.gateway.batches.foreign import FOREIGN
from streams.storefront.gateway.live.rendered import RenderedPrompt, to_json
from streams.storefront.gateway.routes.refusals import OF_HTTP
from streams.storefront.gateway.servers.webhooks import SOURCES
from streams.storefront.intake.adapter import WRONG_SOURCE
from tests.storefront.gateway.shopfront import KEY

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "gateway.md").read_text()
TOKENS = PAGE.partition("## Session tokens")[2]
PROGRAMS = {"sh": ("sh", "-euc"), "python": (sys.executable, "-c"), "js": ("node", "-e")}
RUN_S_MAX = 60.0


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_token_is_made_as_the_page_says(language: str) -> None:
    """In a shell, in Python and in JavaScript, where these are installed."""
    needed = {"sh": "openssl", "js": "node"}.get(language, sys.executable)
    if shutil.which(needed) is None:
        pytest.skip(f"there is no {needed} here")
    block = re.search(rf"^```{language}\n(.*?)^```$", TOKENS, re.MULTILINE | re.DOTALL)
    assert block is not None
    done = subprocess.run(
        [*PROGRAMS[language], block[1]],
        env={**os.environ, "KEY": KEY},
        capture_output=True,
        text=True,
        timeout=RUN_S_MAX,
        check=True,
    )
    claims = SessionTokens([KEY], "goeswith", life_s=3600).read(done.stdout.strip(), time.time())

    assert "session-7" == claims.session_id


def test_every_reason_of_a_refusal_is_on_the_page() -> None:
    """And none that there is not."""
    table = PAGE.partition("| status | reason |")[2].partition("\n\n")[0]
    rows = [line.split(" | ")[1] for line in table.splitlines() if line.count(" | ") > 1]
    listed = {word for row in rows for word in re.findall(r"`([a-z_]+)`", row)}
    code = "".join(path.read_text() for path in (ROOT / "streams/storefront/gateway").rglob("*.py"))
    raised = set(re.findall(r"RequestRefused\(\s*\d+,\s*\"(\w+)\"", code))
    raised |= set(re.findall(r"refused\(\d+, \"(\w+)\"", code))
    raised |= {WRONG_SOURCE} if "RequestRefused(422, WRONG_SOURCE" in code else set()
    raised |= {reason for reason, _ in (FOREIGN_PAGE, NOT_FOR_PAGES, *OF_HTTP.values())}
    raised -= {"not_from_a_browser", "order_from_a_browser"}  # of one event, not of a request

    assert raised == listed


def test_the_prompt_on_the_page_is_what_a_page_gets() -> None:
    """Field by field."""
    (told,) = re.findall(r'^\{"type":"prompt",.*\}$', PAGE, re.MULTILINE)
    said = json.loads(to_json(RenderedPrompt.of(PROMPT, PROMPT.expires_at_ms - 119_800)))

    assert {**said, "receipt": said["receipt"][:12] + "..."} == json.loads(told)


def test_every_webhook_is_on_the_page_as_it_is_signed() -> None:
    """Its name, the header of its signature, the setting with its secret."""
    table = PAGE.partition("### Webhooks")[2].partition("\nA source")[0]
    row = re.compile(r"^\| `(\w+)` \| `([\w-]+)`.* \| `GOESWITH_(\w+)` \|$", re.MULTILINE)
    told = set(row.findall(table))
    there = set()
    for name in SOURCES:
        (setting,) = [
            setting
            for setting in IntakeSettings.model_fields
            if setting.endswith("_secret")
            and FOREIGN[name].is_signed(Settings.model_validate({setting: "x"}))
        ]
        there.add((name, FOREIGN[name].signature, setting.upper()))

    assert there == {(name, header.lower(), setting) for name, header, setting in told}
