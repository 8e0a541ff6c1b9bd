"""The demo on the screen: a picture where a screen can live, lines where it cannot."""

import io
import shlex
from dataclasses import replace

from rich.console import Console

from streams.contract.schemas.examples import OUTCOME, PROMPT
from streams.contract.settings import Settings
from streams.lab.demo.overview import Overview
from streams.lab.demo.truth import TruthFound
from streams.lab.demo.view import View, headline, screen, summary
from streams.lab.embedded.installation import Installation
from streams.views.arm_board import ArmBoard


def seen(elapsed_s: float = 12.0) -> Overview:
    """One look, with one prompt and one add."""
    board = ArmBoard()
    board.add(PROMPT)
    board.add(OUTCOME)
    return Overview(
        elapsed_s=elapsed_s,
        events=1800,
        events_per_s=150.2,
        prompts=1,
        prompts_per_s=0.1,
        first_prompt_after_s=0.4,
        silences={"cool_down": 41},
        feedback={"shown": 1, "added": 1},
        arms=board.rows(),
        latency_ms_p50=9,
        latency_ms_p99=31,
        lag_events=7,
        lag_s=0.25,
        dead_letters=0,
        truth=TruthFound(1, 2, 0, {"bread": "butter", "tea": "milk"}, ("tea",)),
    )


def drawn(width: int = 140) -> str:
    """The screen, as text."""
    console = Console(file=io.StringIO(), width=width, record=True)
    console.print(screen(seen(), [PROMPT], [10.0, 150.0], ["goeswith lag --bootstrap here"]))
    return console.export_text()


def test_the_screen_shows_prompts_arms_silences_and_where_to_look() -> None:
    """Who was offered what and why, what arms earn, why we were silent, and commands to copy."""
    picture = drawn()
    expected = ("Often bought together with bread", "cool_down 41", "goeswith lag --bootstrap here")

    assert [] == [words for words in expected if words not in picture]
    assert "bought_together" in picture


def test_commands_to_look_from_beside_can_be_pasted_at_80_columns() -> None:
    """With all that an address needs: whole words, and a backslash where a line goes on."""
    settings = Settings(
        kafka_bootstrap="127.0.0.1:48211",
        kafka_api_version="2.0",
        topic_prefix="goeswith-demo",
        group_id="goeswith-demo",
    )
    command = Installation(settings, worker=None).beside("lag")
    console = Console(file=io.StringIO(), width=80, record=True)
    console.print(screen(seen(), [PROMPT], [10.0], [command]))
    shown = console.export_text().partition("look from beside:\n")[2].partition("Ctrl-C")[0]
    words = shlex.split(shown.replace("\\\n", " "))

    assert "GOESWITH_KAFKA_API_VERSION=2.0" == words[0]
    assert ["goeswith", "lag", "--bootstrap", "127.0.0.1:48211"] == words[1:5]
    assert ["--prefix", "goeswith-demo", "--group", "goeswith-demo"] == words[5:]
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_the_console_beside_a_demo_knows_its_worker() -> None:
    """By the address of its page."""
    settings = Settings(web_port=6066, topic_prefix="goeswith-demo")
    words = shlex.split(Installation(settings, worker=None).beside("console").replace("\\\n", ""))

    assert ["goeswith", "console", "--workers", "http://127.0.0.1:6066"] == words[:4]
    assert "--group" in words


def test_the_headline_says_what_is_not_known() -> None:
    """A broker that does not answer makes the lag unknown, not zero."""
    assert "lag ? events, ? s" in headline(replace(seen(), lag_events=None, lag_s=None))


def test_a_pipe_gets_a_line_a_second() -> None:
    """Frames come four times a second; where nothing can be redrawn, most are left out."""
    out = io.StringIO()
    with View(Console(file=out)) as view:
        for quarter in range(8):
            view.show(seen(elapsed_s=quarter / 4), [PROMPT])

    assert 2 == len(out.getvalue().splitlines())


def test_the_summary_names_the_staples_that_were_not_found() -> None:
    """Tea has milk on top, which does not go with it."""
    assert "not found tea" in summary(seen())


def test_silences_that_nobody_tells_are_not_said_to_be_none() -> None:
    """Beside somebody else's workers only they know; what others sent is said to be passed over."""
    said = summary(replace(seen(), silences=None, items_foreign=3))

    assert "none yet" not in said
    assert "silences  not told: set GOESWITH_REDIS_URL" in said
    assert said.endswith("passed over items of others 3")


def test_the_report_is_plain_json() -> None:
    """Arms by name, latency by quantile, the truth with what is on top of each staple."""
    told = seen().to_json()

    assert {"pulls": 1, "share": 1.0, "reward_rate": None} == told["arms"]["bought_together"]
    assert {"p50": 9, "p99": 31} == told["latency_ms"]
    assert (1, 2) == (told["truth"]["found"], told["truth"]["of"])


def test_the_picture_is_the_screen_and_asks_nobody_for_a_font() -> None:
    """Whole names of arms at its width, no address that differs each time, nothing to load."""
    view = View(Console(file=io.StringIO()))
    view.point_out(["goeswith lag --bootstrap 127.0.0.1:4711"])
    view.show(seen(), [PROMPT])
    drawn_once, drawn_again = view.picture(), view.picture()

    assert drawn_once == drawn_again
    assert drawn_once.count(">bought_together<") + drawn_once.count("bought_together&#160;") >= 2
    assert "4711" not in drawn_once
    assert "url(http" not in drawn_once


def test_commands_are_said_before_the_screen_where_it_is_too_low_for_them() -> None:
    """They stay above it; else they stand at its foot, once."""
    for height, said in ((24, True), (60, False)):
        console = Console(
            file=io.StringIO(), width=80, height=height, record=True, force_terminal=True
        )
        view = View(console)
        view.point_out(["goeswith lag --bootstrap here"])
        before = console.export_text(clear=False)
        view.show(seen(), [PROMPT])

        assert said == ("goeswith lag --bootstrap here" in before)


def test_names_of_sessions_and_arms_are_whole_at_80_columns() -> None:
    """What is offered and why is cut instead."""
    console = Console(file=io.StringIO(), width=80, record=True)
    prompts = [PROMPT.model_copy(update={"session_id": "visit-1000000", "arm": "viewed_together"})]
    console.print(screen(seen(), prompts, [10.0], []))
    (line,) = [line for line in console.export_text().splitlines() if "visit-1000000" in line]

    assert "  viewed_together  " in line
    assert PROMPT.anchor in line


def test_the_address_of_the_shop_stands_above_everything() -> None:
    """Where a screen lives and where lines are told; pictures do not have it: it differs."""
    out = io.StringIO()
    view = View(Console(file=out, width=140))
    view.open_at("http://127.0.0.1:4711/")
    console = Console(file=io.StringIO(), width=140, record=True)
    console.print(screen(seen(), [PROMPT], [10.0], [], "http://127.0.0.1:4711/"))
    view.show(seen(), [PROMPT])

    assert "open http://127.0.0.1:4711/ in a browser" in out.getvalue()
    assert "http://127.0.0.1:4711/" in console.export_text().splitlines()[0]
    assert "4711" not in view.picture()
