"""`python -m streams` is `goeswith`."""

import os
import signal

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of the signal, as shells have it."""


def main() -> None:
    """The entry point: Ctrl-C is quiet from here on, while the rest is still being loaded."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    from streams.cli.root import main as run  # noqa: PLC0415  # that is what takes its time

    run()


if __name__ == "__main__":
    main()
