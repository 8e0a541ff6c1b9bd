"""Try whether the tests notice small faults: `make mutants`.

    python -m tests.mutants                          all modules of modules.toml: an hour or two
    python -m tests.mutants fold                     a group of them
    python -m tests.mutants session guards           two of them
    python -m tests.mutants --changed --seconds 240  the lines that differ from main
    python -m tests.mutants --again                  the survivors of the latest run, with new tests
    python -m tests.mutants --known                  those that have a reason as well
    python -m tests.mutants --every 10               a tenth of all

It fails where a mutant survives that has no reason in survivors.toml, and where one that has a
reason is no mutant any more. Survivors with a reason count as such without a trial: no others cost
as much, as all tests that reach them pass.
"""

import itertools
import json
import os
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path

import click

from tests.mutants.changed import NoHistory, beginning, changed_lines
from tests.mutants.judged import Verdict
from tests.mutants.mutants import Mutant
from tests.mutants.operators import StatementDeletion
from tests.mutants.report import as_json, gone, told, unexplained
from tests.mutants.run import ALIVE, ROOT, Findings, Order, Told, groups, run
from tests.mutants.survivors import FILE, known

LATEST = ROOT / ".cache" / "mutants.json"
SAME_EACH_TIME = {
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
}
"""The environment of a run: sets in one order, and one thread, as a fork keeps no other."""


@click.command()
@click.argument("modules", nargs=-1)
@click.option("--changed", is_flag=True, help="Only lines that a change touches.")
@click.option("--again", is_flag=True, help="Of the latest run, try its survivors again.")
@click.option(
    "--known", "known_too", is_flag=True, help="Also survivors that have a reason: are they alive?"
)
@click.option("--every", default=1, help="Only one of so many mutants, always the same ones.")
@click.option("--seconds", default=86_400.0, help="Begin no mutant after so many seconds.")
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=LATEST,
    help="Where the report of the latest run is.",
)
@click.option("--json", "as_data", is_flag=True, help="Print the report as JSON.")
def main(
    modules: tuple[str, ...],
    *,
    changed: bool,
    again: bool,
    known_too: bool,
    every: int,
    seconds: float,
    file: Path,
    as_data: bool,
) -> None:
    """Try whether the tests notice small faults in the code."""
    paths = {name: path for group in groups() for name, path in group.modules.items()}
    wanted = _named(modules) or {*paths}
    order: Order = _deletions_first
    if changed:
        touched = _touched({name: paths[name] for name in wanted})
        wanted = {name for name, lines in touched.items() if lines}
        order = _new_alone(touched)
    settled: dict[str, str] = {}
    if again:
        settled = _killed(json.loads(file.read_text())["verdicts"])
    if wanted:
        order = _one_of(every, order)
        reasons = known(FILE.read_text())
        settled |= dict.fromkeys(() if known_too else reasons, "survived")
        findings = run(
            wanted.__contains__, order, settled=settled, seconds=seconds, told=_progress()
        )
        _finish(findings, reasons, file, as_data=as_data)
    else:
        click.echo("Nothing that is mutated has changed: nothing to try.", err=True)


def _named(names: tuple[str, ...]) -> set[str]:
    """The modules of these names, and those of groups of these names."""
    found: set[str] = set()
    meant = {group.name: {*group.modules} for group in groups()}
    meant |= {module: {module} for group in groups() for module in group.modules}
    for name in names:
        if name not in meant:
            raise click.UsageError(f"no such module or group in modules.toml: {name}")
        found |= meant[name]
    return found


def _deletions_first(_name: str, mutant: Mutant) -> int:
    """A step of learning that nobody misses is the worst that there is."""
    return int(mutant.operator != StatementDeletion.__name__)


def _new_alone(touched: dict[str, set[int]]) -> Order:
    """A change answers for its own lines, and not for those around them."""
    return lambda name, mutant: (
        None if touched[name].isdisjoint(mutant.lines) else _deletions_first(name, mutant)
    )


def _killed(verdicts: dict[str, str]) -> dict[str, str]:
    return {name: said for name, said in verdicts.items() if said not in ALIVE}


def _one_of(every: int, order: Order) -> Order:
    """Some of them, by their names: the same ones in every run."""
    return lambda name, mutant: (
        order(name, mutant) if zlib.crc32(mutant.name.encode()) % every == 0 else None
    )


def _touched(paths: dict[str, str]) -> dict[str, set[int]]:
    """The new lines of each module; of none where there is no history."""
    try:
        found = changed_lines(ROOT, beginning(ROOT))
    except NoHistory as reason:
        click.echo(f"What has changed is not known: {reason}", err=True)
        found = {}
    return {name: found.get(path, set()) for name, path in paths.items()}


def _progress() -> Told:
    """Says what lives as soon as it is known, and how many have been tried."""
    numbers = itertools.count(1)

    def told(name: str, verdict: Verdict) -> None:
        if verdict.said in ALIVE:
            click.echo(f"{verdict.said}: {name} {verdict.mutant.name}", err=True)
        if (number := next(numbers)) % 50 == 0:
            click.echo(f"{number} tried", err=True)

    return told


def _finish(findings: Findings, reasons: Mapping[str, str], file: Path, *, as_data: bool) -> None:
    data = as_json(findings, reasons)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(data, indent=1))
    click.echo(json.dumps(data) if as_data else "\n".join(told(findings, reasons)))
    if findings.failing or unexplained(findings, reasons) or gone(findings, reasons):
        click.echo(f"Write a test that kills it, or mend its reason in {FILE.name}.", err=True)
        sys.exit(1)


if __name__ == "__main__":
    if SAME_EACH_TIME.items() <= os.environ.items():
        main()
    else:
        os.execve(  # noqa: S606  # ourselves
            sys.executable,
            [sys.executable, "-m", "tests.mutants", *sys.argv[1:]],
            {**os.environ, **SAME_EACH_TIME},
        )
