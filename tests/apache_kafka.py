"""`python -m tests.apache_kafka COMMAND …` runs a command beside a fresh Apache Kafka.

GOESWITH_KAFKA_BOOTSTRAP says where it is.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from streams.lab.chaos.ground.apache_kafka import real_kafka


def run_beside(command: list[str]) -> int:
    """Run a command beside a fresh broker; its exit code. Raises NoKafka."""
    with tempfile.TemporaryDirectory(prefix="goeswith-kafka-") as directory:
        broker = real_kafka(Path(directory))
        broker.start()
        try:
            address = {"GOESWITH_KAFKA_BOOTSTRAP": broker.bootstrap}
            return subprocess.run(command, check=False, env={**os.environ, **address}).returncode
        finally:
            broker.discard()


if __name__ == "__main__":
    sys.exit(run_beside(sys.argv[1:]))
