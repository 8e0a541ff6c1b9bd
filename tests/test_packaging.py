"""What is installed is what was tested: one version of everything, by its hash, from anywhere."""

import re
import tomllib
from pathlib import Path

from streams.verdict.apache_kafka import VERSION

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PIN = re.compile(r"^([\w.-]+)==([\w.]+)", re.MULTILINE)


def pins(text: str) -> dict[str, str]:
    """Name -> version of every exact requirement, a line each."""
    return dict(PIN.findall(text))


def declared(*groups: list[str]) -> dict[str, str]:
    """The pins of these lists of requirements."""
    return pins("\n".join(line for group in groups for line in group))


def requirements(name: str) -> str:
    """The text of one of the lock files."""
    return (ROOT / "requirements" / name).read_text()


def test_every_dependency_is_pinned_exactly() -> None:
    """Faust is mended by its private names, so nothing moves by itself."""
    groups = [
        PROJECT["build-system"]["requires"],
        PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"].values(),
        *PROJECT["dependency-groups"].values(),
    ]

    assert [] == [line for group in groups for line in group if not PIN.match(line)]


def test_the_lock_files_hold_what_is_declared() -> None:
    """`make requirements` has been run since pyproject.toml changed."""
    runtime = declared(PROJECT["build-system"]["requires"], PROJECT["project"]["dependencies"])
    extra = PROJECT["project"]["optional-dependencies"].values()
    everything = runtime | declared(*extra, PROJECT["dependency-groups"]["dev"])

    assert runtime.items() <= pins(requirements("runtime.txt")).items()
    assert everything.items() <= pins(requirements("all.txt")).items()


def test_a_worker_runs_with_the_versions_that_are_tested() -> None:
    """The image's lock file is a part of the one that the tests are run with."""
    assert pins(requirements("runtime.txt")).items() <= pins(requirements("all.txt")).items()


def test_the_lock_files_name_hashes_and_no_index() -> None:
    """They say what is installed; the installer's own settings say where from."""
    for name in ("runtime.txt", "all.txt"):
        text = requirements(name)
        entries = re.split(r"\n(?=\w)", text)[1:]

        assert "://" not in text
        assert "--index" not in text
        assert [] == [entry for entry in entries if "--hash=sha256:" not in entry]


def test_the_compose_file_runs_the_kafka_that_is_tested() -> None:
    """One version of Kafka, in the tests and on a machine."""
    assert f"image: apache/kafka:{VERSION}\n" in (ROOT / "docker-compose.yml").read_text()
