"""`goeswith demo` before anything has been started."""

import subprocess
import sys

RUN_S_MAX = 60.0


def test_a_shop_in_a_browser_says_which_extras_it_needs() -> None:
    """At once, and not after a broker was started in vain."""
    program = (
        "import sys; sys.modules['starlette'] = None; sys.argv = ['goeswith', 'demo', '--web']\n"
        "import streams.cli.root as c; c.main()"
    )
    said = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=RUN_S_MAX,
        check=False,
    )

    assert "pip install '.[demo,gateway,console]'" in said.stderr
    assert "embedded broker" not in said.stdout + said.stderr
    assert said.returncode
