"""The jars of Kafka's programs, which Maven resolves where there is Java.

43 MB of the broker, once: into `.cache/kafka` of a checkout, else into the user's cache.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from streams.contract.errors import MissingExtra

VERSION = "4.1.1"
CHECKOUT = Path(__file__).parents[4]
RESOLVE_S_MAX = 240.0
_COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies"
_POM = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>goeswith.tests</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
      <version>{VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId>
      <version>2.25.1</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId>
      <version>2.25.1</version>
    </dependency>
  </dependencies>
</project>
"""


class NoKafka(MissingExtra):
    """There is no way to start Apache Kafka on this machine; says what is missing."""


def kafka_jars() -> Path:
    """The folder of Kafka's jars, resolved by Maven at the first call. Raises NoKafka."""
    return resolved_jars("kafka", _POM)


def resolved_jars(name: str, pom: str) -> Path:
    """The folder of what a POM depends on, kept by name and `VERSION`. Raises NoKafka."""
    jars = cache() / name / VERSION
    if jars.exists():
        return jars
    jars.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=jars.parent) as work:
        (Path(work) / "pom.xml").write_text(pom)
        command = ["mvn", "-q", "-B", "-C", _COPY_JARS, "-DoutputDirectory=jars"]  # -C: checksums
        done = subprocess.run(
            command, cwd=work, check=False, capture_output=True, text=True, timeout=RESOLVE_S_MAX
        )
        if done.returncode:
            raise NoKafka(f"Maven did not resolve {name} {VERSION}: {done.stdout[-1000:]}")
        (Path(work) / "jars").rename(jars)  # whole or not at all
    return jars


def cache() -> Path:
    """Where downloads are kept: in the checkout, else where the user's caches are."""
    if (CHECKOUT / "pyproject.toml").exists():
        return CHECKOUT / ".cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "goeswith"
