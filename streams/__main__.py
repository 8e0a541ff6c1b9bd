"""`python -m streams` is `goeswith`."""

import gc
import os
import signal

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of the signal, as shells have it."""
LOADING = (50_000, 20, 100)
"""So many more objects made than freed, by generation, have Python search for cycles: what is
loaded lives on, and to search it again and again took a tenth of a worker's start. It stays so in
commands; worker and gateway search by time (`streams.cli.process.young_garbage`)."""


def main() -> None:
    """The entry point: Ctrl-C is quiet from here on, while the rest is still being loaded."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    gc.set_threshold(*LOADING)
    from streams.cli.root import main as run  # noqa: PLC0415  # that is what takes its time

    run()


if __name__ == "__main__":
    main()
