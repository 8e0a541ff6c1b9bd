"""What a run says: a table of the modules, and the survivors that nobody has explained."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tests.mutants.run import ALIVE, Findings

COLUMNS = ("module", "mutants", "tried", "killed", "timeout", "known", "new", "rate")
"""`known`: survivors with a reason (they count as tried); `rate`: the share that does not live."""


def unexplained(findings: Findings, reasons: Mapping[str, str]) -> list[str]:
    """The survivors without a reason."""
    return [name for name, _ in findings.alive() if name not in reasons]


def gone(findings: Findings, reasons: Mapping[str, str]) -> list[str]:
    """What has a reason and is no mutant of these modules any more: the code has changed."""
    made = {name for names in findings.made.values() for name in names}
    return [name for name in reasons if name.split(" ")[0] in findings.made and name not in made]


def told(findings: Findings, reasons: Mapping[str, str]) -> Iterator[str]:
    """The report, line by line."""
    rows = [COLUMNS, *(tuple(map(str, row.values())) for row in _rows(findings, reasons))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
    yield from (f"new survivor: {name}" for name in unexplained(findings, reasons))
    yield from (f"has a reason and is gone: {name}" for name in gone(findings, reasons))
    yield from (f"fails without any fault: {name}" for name in findings.failing)


def as_json(findings: Findings, reasons: Mapping[str, str]) -> dict[str, Any]:
    """The report, and the survivors with their reasons and operators, for programs."""
    return {
        "modules": [*_rows(findings, reasons)],
        "alive": {
            name: {"because": reasons.get(name), "operator": verdict.mutant.operator}
            for name, verdict in findings.alive()
        },
        "verdicts": {
            f"{module} {verdict.mutant.name}": verdict.said
            for module, verdicts in findings.verdicts.items()
            for verdict in verdicts
        },
        "killed_by": {
            f"{module} {verdict.mutant.name}": verdict.by
            for module, verdicts in findings.verdicts.items()
            for verdict in verdicts
            if verdict.by
        },
        "failing": findings.failing,
    }


def _rows(findings: Findings, reasons: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """A row for each module, one for each group of them, and one for all."""
    new = Counter(name.split(" ")[0] for name in unexplained(findings, reasons))
    of_groups: dict[str, Counter[str]] = {}
    for module, made in sorted(findings.made.items()):
        said = Counter(verdict.said for verdict in findings.verdicts.get(module, []))
        alive = sum(said[each] for each in ALIVE)
        counts = Counter(
            mutants=len(made),
            tried=said.total(),
            killed=said["killed"],
            timeout=said["timeout"],
            known=alive - new[module],
            new=new[module],
        )
        of_groups.setdefault(findings.groups[module], Counter()).update(counts)
        yield _row(module, counts)
    yield from (_row(f"all of {group}", counts) for group, counts in of_groups.items())
    yield _row("all", sum(of_groups.values(), Counter()))


def _row(module: str, counts: Counter[str]) -> dict[str, Any]:
    tried, alive = counts["tried"], counts["known"] + counts["new"]
    rate = (tried - alive) / tried if tried else None
    numbers = {name: counts[name] for name in COLUMNS[1:-1]}
    return {"module": module, **numbers, "rate": "-" if rate is None else f"{rate:.3f}"}
