"""What is installed is what was tested: one version of everything, by its hash, from anywhere."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from streams.lab.chaos.ground.jars import VERSION

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FOUND_S_MAX = 60.0
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
    extras = PROJECT["project"]["optional-dependencies"]
    served = declared(extras["gateway"], extras["console"])
    assert (runtime | served).items() <= pins(requirements("image.txt")).items()
    assert everything.items() <= pins(requirements("all.txt")).items()


def test_a_worker_runs_with_the_versions_that_are_tested() -> None:
    """And so do gateway and console: the image's lock file is a part of the one of the tests."""
    runtime, image = pins(requirements("runtime.txt")), pins(requirements("image.txt"))

    assert runtime.items() <= image.items() <= pins(requirements("all.txt")).items()
    assert "-r requirements/image.txt\n" in (ROOT / "Dockerfile").read_text()


def test_what_the_image_copies_is_let_into_its_context() -> None:
    """`.dockerignore` keeps everything else out, so what it does not name is not found."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE)
    let_in = re.findall(r"^!(.+?)/?$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)

    assert copied
    assert {name for names in copied for name in names.split()} == set(let_in)


def test_the_lock_files_name_hashes_and_no_index() -> None:
    """They say what is installed; the installer's own settings say where from."""
    for name in ("runtime.txt", "image.txt", "all.txt", "peers.txt"):
        text = requirements(name)
        entries = re.split(r"\n(?=\w)", text)[1:]

        assert "://" not in text
        assert "--index" not in text
        assert [] == [entry for entry in entries if "--hash=sha256:" not in entry]


def test_the_compose_file_runs_the_kafka_that_is_tested() -> None:
    """One version of Kafka, in the tests and on a machine."""
    assert f"image: apache/kafka:{VERSION}@sha256:" in (ROOT / "docker-compose.yml").read_text()


def test_every_place_names_the_same_pythons() -> None:
    """What the project asks for is what is looked for, promised, and built upon."""
    oldest, after = map(int, re.findall(r"3\.(\d+)", PROJECT["project"]["requires-python"]))
    newest = after - 1
    finder = (ROOT / ".ci" / "python").read_text()
    names = re.findall(r"\bpython3\.(\d+)", finder)
    images = re.findall(r"^FROM python:3\.(\d+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    assert f"(3, {oldest}) <= sys.version_info[:2] <= (3, {newest})" in finder
    assert [str(minor) for minor in range(newest, oldest - 1, -1)] == names
    assert f"Python 3.{oldest} to 3.{newest} and `make`" in (ROOT / "README.md").read_text()
    assert f"py3{oldest}" == PROJECT["tool"]["ruff"]["target-version"]
    assert f"--python-version 3.{oldest} " in (ROOT / ".ci" / "lock").read_text()
    assert 1 == len(set(images))
    assert oldest <= int(images[0]) <= newest


@pytest.mark.parametrize("folder", ["plain", "with spaces in it"])
def test_the_python_that_is_asked_for_is_the_one_that_is_taken(tmp_path: Path, folder: str) -> None:
    """Wherever it is."""
    wanted = tmp_path / folder / "python"
    wanted.parent.mkdir()
    wanted.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    wanted.chmod(0o755)

    assert (0, f"{wanted}\n", "") == found(PYTHON=str(wanted))


def test_a_python_that_is_not_there_is_named() -> None:
    """The message says what was asked for, and what would do."""
    code, said, complaint = found(PYTHON="/no where/python3")

    assert (1, "") == (code, said)
    assert "there is no /no where/python3" in complaint


def found(**environment: str) -> tuple[int, str, str]:
    """What `.ci/python` ends with, says and complains of."""
    done = subprocess.run(
        [ROOT / ".ci" / "python"],
        env={**os.environ, **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=FOUND_S_MAX,
    )
    return done.returncode, done.stdout, done.stderr
