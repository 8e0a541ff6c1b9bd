"""Tables that are kept up to date, where there is a screen and where there is none."""

import os
import pty
import signal
import subprocess
import sys
import textwrap

import click
import pytest

from streams.cli.live import TERMINATED, say, watched
from streams.contract.errors import GoeswithError, KafkaUnreachable, TopicsWrong


class Broker:
    """Answers in this order; the last answer ends the story."""

    def __init__(self, *answers: str | Exception) -> None:
        self._answers = list(answers)

    def __call__(self) -> str:
        """The next answer."""
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_pipe_gets_a_line_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    """A broker that pauses is said, on standard error, and asked again; a wrong topic ends it.

    Where there is nothing to say, no line is.
    """
    broker = Broker(
        "7 wait",
        "",
        KafkaUnreachable("it is away"),
        GoeswithError("refused"),
        "9 wait",
        TopicsWrong(""),
    )
    with pytest.raises(TopicsWrong):
        watched(lambda: "a table", 0.001, line=broker)

    said = capsys.readouterr()
    assert "7 wait\n9 wait\n" == said.out
    assert "goeswith: it is away; trying again\ngoeswith: refused; trying again\n" == said.err


def test_without_a_line_a_pipe_gets_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Each time, whole."""
    with pytest.raises(TopicsWrong):
        watched(Broker("a table", "another", TopicsWrong("")), 0.001)

    assert ["a table", "another"] == capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("every_s", [-1.0, 0.0, float("nan"), float("inf"), 1e9])
def test_a_pause_that_is_none_is_refused(every_s: float) -> None:
    """Before anything is asked."""
    with pytest.raises(click.UsageError, match="--every"):
        watched(Broker(), every_s)


def test_sigterm_gives_the_cursor_back() -> None:
    """A terminal whose cursor stays hidden has to be reset by hand."""
    program = """
        import os, signal
        from streams.cli.live import watched

        def draw():
            draw.times += 1
            if draw.times == 3:
                os.kill(os.getpid(), signal.SIGTERM)
            return "bread"

        draw.times = 0
        watched(draw, 0.01)
    """
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm"},
    ) as process:
        os.close(theirs)
        said = b""
        while chunk := _read(ours):
            said += chunk
    os.close(ours)

    assert 128 + signal.SIGTERM == TERMINATED == process.returncode
    assert said.rindex(b"\x1b[?25h") > said.rindex(b"\x1b[?25l")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other side has gone
        return b""


def test_a_pipe_gets_long_lines_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """What reads them looks for words that belong together."""
    say("a note: " + "word " * 40 + "end")

    assert 1 == len(capsys.readouterr().out.splitlines())


def test_a_terminal_gets_long_lines_folded() -> None:
    """As wide as it is."""
    program = "from streams.cli.live import say; say('a note: ' + 'word ' * 40 + 'end')"
    leader, follower = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", program],
        stdout=follower,
        check=True,
        env={**os.environ, "COLUMNS": "60", "TERM": "xterm"},
    )
    os.close(follower)
    lines = os.read(leader, 10_000).decode().splitlines()
    os.close(leader)

    assert 0 == done.returncode
    assert 4 == len(lines)
    assert all(len(line) <= 60 for line in lines)
