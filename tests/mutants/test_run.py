"""A run: what a change touches, what is known of survivors, and what the report says."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.mutants.changed import NoHistory, beginning, changed_lines
from tests.mutants.judged import Verdict
from tests.mutants.mutants import Mutant
from tests.mutants.report import as_json, gone, told, unexplained
from tests.mutants.run import ROOT, Findings, groups
from tests.mutants.survivors import FILE, known


def git(root: Path, *arguments: str) -> str:
    """What git says."""
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    done = subprocess.run(
        ["git", *who, *arguments], cwd=root, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit(root: Path, text: str) -> str:
    """Commit a till with this text; returns the commit."""
    (root / "till.py").write_text(text)
    git(root, "add", "till.py")
    git(root, "commit", "-q", "-m", "A till")
    return git(root, "rev-parse", "HEAD")


def found(*said: str) -> Findings:
    """The findings on a till, each mutant named by its number and what was said of it."""
    verdicts = [
        Verdict(Mutant(f"f: {n} -> {each}", "f", range(1), "AddNot", "", ""), each, "")
        for n, each in enumerate(said)
    ]
    names = [f"till {verdict.mutant.name}" for verdict in verdicts]
    made = {"till": [*names, "till f: untried"]}
    return Findings(made=made, verdicts={"till": verdicts}, groups={"till": "shop"})


def test_a_change_begins_where_it_goes_off_main(tmp_path: Path) -> None:
    """On main itself, with the commit before."""
    git(tmp_path, "init", "-q", "-b", "main")
    first, second = commit(tmp_path, "a\n"), commit(tmp_path, "a\nb\n")
    assert first == beginning(tmp_path)

    git(tmp_path, "checkout", "-q", "-b", "change")
    commit(tmp_path, "a\nb\nc\n")
    commit(tmp_path, "x\nb\nc\n")
    assert second == beginning(tmp_path)
    assert {"till.py": {1, 3}} == changed_lines(tmp_path, second)


def test_a_file_that_moves_is_not_new(tmp_path: Path) -> None:
    """Only what was changed on the way is."""
    git(tmp_path, "init", "-q", "-b", "main")
    text = [f"line {n}" for n in range(20)]
    base = commit(tmp_path, "\n".join(text))
    (tmp_path / "shop").mkdir()
    git(tmp_path, "mv", "till.py", "shop/till.py")
    text[6] = "another line"
    (tmp_path / "shop" / "till.py").write_text("\n".join(text))

    assert {"shop/till.py": {7}} == changed_lines(tmp_path, base)


def test_without_history_it_is_not_known_what_has_changed(tmp_path: Path) -> None:
    """A copy of the files, or a first commit."""
    git(tmp_path, "init", "-q", "-b", "main")
    with pytest.raises(NoHistory):
        beginning(tmp_path)

    commit(tmp_path, "a\n")
    with pytest.raises(NoHistory):
        beginning(tmp_path)


def test_a_survivor_without_a_reason_is_new() -> None:
    """Whether no test reaches it, or none of those that do notices it."""
    findings = found("killed", "survived", "unreached", "timeout", "survived")
    reasons = {"till f: 1 -> survived": "it is the same"}

    assert ["till f: 2 -> unreached", "till f: 4 -> survived"] == unexplained(findings, reasons)


def test_a_reason_without_a_mutant_must_go() -> None:
    """Not that of a mutant which was not tried, nor that of a module which was not looked at."""
    reasons = dict.fromkeys(["till f: untried", "till f: gone", "session f: gone"], "why")

    assert ["till f: gone"] == gone(found("killed"), reasons)


def test_the_report_counts_by_module_by_group_and_in_all() -> None:
    """Those out of time are as good as killed; those not tried count for nothing."""
    findings = found("killed", "timeout", "survived", "survived")
    reasons = {"till f: 2 -> survived": "it is the same"}
    till, of_group, everything = as_json(findings, reasons)["modules"]

    assert {
        "module": "till",
        "mutants": 5,
        "tried": 4,
        "killed": 1,
        "timeout": 1,
        "known": 1,
        "new": 1,
        "rate": "0.500",
    } == till
    assert {**till, "module": "all of shop"} == of_group
    assert {**till, "module": "all"} == everything
    assert "new survivor: till f: 3 -> survived" in [*told(findings, reasons)]


def test_every_module_and_every_test_that_judges_it_is_there() -> None:
    """`modules.toml` says where they are."""
    places = [path for each in groups() for path in (*each.modules.values(), *each.tests)]
    slow = {test for each in groups() for test in each.slow}
    found = {
        f"{path}::{name}"
        for path in places
        for name in re.findall(r"^def (test_\w+)", (ROOT / path).read_text(), re.MULTILINE)
    }

    assert set() == slow - found


def test_every_module_is_called_as_its_file_is() -> None:
    """With its folder before it, where two files have one name."""
    for name, path in (each for group in groups() for each in group.modules.items()):
        *_, folder, file = Path(path).with_suffix("").parts
        assert name in {file, f"{folder}_{file}"}


@pytest.mark.parametrize(
    "folder", ["streams/shop/decision", "streams/shop/memory", "models/bandit"]
)
def test_no_module_of_the_fold_the_decision_or_the_bandit_is_left_out(folder: str) -> None:
    """A new one is mutated from its first day."""
    mutated = {path for group in groups() for path in group.modules.values()}
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("[!_]*.py")}

    assert set() == there - mutated


def test_every_known_survivor_is_of_a_module_and_has_a_reason() -> None:
    """Each once, by the name that the module has in `modules.toml`."""
    names = {name for each in groups() for name in each.modules}
    reasons = known(FILE.read_text())

    assert set() == {name.split(" ")[0] for name in reasons} - names
    assert all(len(reason.split()) >= 3 for reason in reasons.values())


def test_a_survivor_cannot_stand_twice() -> None:
    """One mutant, one reason."""
    twice = '[[alive]]\nbecause = "so it is"\nmutants = ["till f", "till f"]\n'

    with pytest.raises(ValueError, match="'till f' stands twice"):
        known(twice)


JUDGE_NOBODY = {
    "test_cost.py",
    "test_checkpoint.py",
    "test_sealed_checkpoints.py",
    "test_unasked.py",
}
"""Of the shop's tests those that count instructions, write files, or go through long logs."""


def test_the_shops_tests_judge_its_mutants() -> None:
    """One that stands in no list kills nothing, and what it guards seems to be missed by nobody."""
    (fold,) = (group for group in groups() if group.name == "fold")
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "tests/shop").rglob("test_*.py")}

    assert {path for path in there if Path(path).name not in JUDGE_NOBODY} <= {*fold.tests}
