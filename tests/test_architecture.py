"""The house rules that a machine can check: sizes, names, words, and which way imports point."""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
MODULE_LINES_MAX = 300
FUNCTION_LINES_MAX = 40
LINE_COLUMNS_MAX = 100
ROOM_ENTRIES_MAX = 10
NO_ENTRIES = {"__init__.py", "__main__.py", "__pycache__", "py.typed"}
CROSS_CUTTING = {"fuzz", "integration", "mutants", "properties", "scenarios"}
GRAB_BAGS = {"utils", "util", "helpers", "common", "core", "base", "manager", "misc"}

# Put together here, so that this file does not contain what it looks for.
LEFTOVERS = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]))
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("repo", "maven", "apache"),
        ("repo1", "maven"),
        ("registry", "npmjs"),
        ("proxy", "golang"),
        ("registry-1", "docker"),
    )
]
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|home|Users|tmp/lab|opt/wheels)/")

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Module(NamedTuple):
    """A source file of the product and its syntax tree."""

    path: Path
    text: str
    tree: ast.Module

    def __str__(self) -> str:
        """The path, as seen from the top."""
        return str(self.path.relative_to(ROOT))


def read(path: Path) -> Module:
    """Parse a source file."""
    text = path.read_text()
    return Module(path, text, ast.parse(text))


MODULES = [
    read(path) for top in ("models", "streams") for path in sorted((ROOT / top).rglob("*.py"))
]


def kept_files() -> Iterator[Path]:
    """Every file of the project that .gitignore does not leave out."""
    lines = (ROOT / ".gitignore").read_text().splitlines()
    ignored = [".git", *(line.rstrip("/") for line in lines if line and not line.startswith("#"))]
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and not any(fnmatch(part, what) for part in parts for what in ignored):
            yield path


def functions(module: Module) -> Iterator[Function]:
    """Every function and method."""
    return (node for node in ast.walk(module.tree) if isinstance(node, Function))


def lines_without_docstring(function: Function) -> int:
    """How long a function is."""
    first = function.body[0]
    said = 0
    if ast.get_docstring(function, clean=False) is not None:
        said = (first.end_lineno or 0) - first.lineno + 1
    return (function.end_lineno or 0) - function.lineno + 1 - said


def public(body: list[ast.stmt], owner: str = "") -> Iterator[tuple[str, Function | ast.ClassDef]]:
    """The classes and functions that others may use, methods included, with their full names."""
    for node in body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield owner + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f"{owner}{node.name}.")


def says_what_another_says(node: Function | ast.ClassDef) -> bool:
    """An overload or an override: the docstring is where it is declared first."""
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return bool(names & {"overload", "override"})


def unannotated(function: Function) -> list[str]:
    """The arguments without an annotation, and `return`."""
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    names = [a.arg for a in arguments if a is not None and a.annotation is None]
    return [n for n in names if n not in ("self", "cls")] + ["return"] * (function.returns is None)


def test_a_module_is_one_idea() -> None:
    """A module of more than 300 lines is two ideas."""
    sizes = {str(module): module.text.count("\n") for module in MODULES}

    assert {} == {name: size for name, size in sizes.items() if size > MODULE_LINES_MAX}


def test_a_function_fits_on_a_screen() -> None:
    """At most 40 lines, its docstring not counted."""
    sizes = {f"{m}:{f.lineno}": lines_without_docstring(f) for m in MODULES for f in functions(m)}

    assert {} == {name: size for name, size in sizes.items() if size > FUNCTION_LINES_MAX}


def test_no_line_is_wider_than_the_page() -> None:
    """At most 100 columns."""
    widths = {
        f"{module}:{number}": len(line)
        for module in MODULES
        for number, line in enumerate(module.text.splitlines(), start=1)
    }

    assert {} == {place: width for place, width in widths.items() if width > LINE_COLUMNS_MAX}


def test_everything_public_says_what_it_is() -> None:
    """Each module, and each public class, function and method, has a docstring."""
    silent = [str(module) for module in MODULES if not ast.get_docstring(module.tree)]
    for module in MODULES:
        for name, node in public(module.tree.body):
            if not ast.get_docstring(node) and not says_what_another_says(node):
                silent.append(f"{module}: {name}")

    assert [] == silent


def test_every_function_is_annotated() -> None:
    """Each argument and each result has a type."""
    missing = {f"{m}:{f.lineno}": unannotated(f) for m in MODULES for f in functions(m)}

    assert {} == {place: names for place, names in missing.items() if names}


def test_a_module_is_named_by_its_idea() -> None:
    """No grab bags: a function without a home is a concept without a name."""
    names = {str(module): {module.path.stem, module.path.parent.name} for module in MODULES}

    assert [] == [module for module, said in names.items() if said & GRAB_BAGS]


def rooms(top: str) -> list[Path]:
    """The packages below this folder, itself included."""
    return sorted(path.parent for path in (ROOT / top).rglob("__init__.py"))


def test_a_room_holds_ten_things_at_most() -> None:
    """What does not fit into one look is two rooms."""
    sizes = {
        str(room.relative_to(ROOT)): len({path.name for path in room.iterdir()} - NO_ENTRIES)
        for top in ("models", "streams")
        for room in rooms(top)
    }

    assert {} == {room: size for room, size in sizes.items() if size > ROOM_ENTRIES_MAX}


def test_a_room_is_entered_without_its_furniture() -> None:
    """`__init__.py` is a docstring, or loads when it is asked: a module brings no neighbours.

    The contract of events is one thing in three files: whoever asks for one event gets them all.
    """
    inits = {str(module): module for module in MODULES if module.path.name == "__init__.py"}
    full = {name for name, module in inits.items() if len(module.tree.body) > 1}

    assert full == {
        "models/__init__.py",
        "streams/contract/events/__init__.py",
        "streams/worker/__init__.py",
    }


def test_a_test_is_in_the_room_of_what_it_tests() -> None:
    """The folders of tests are those of the code, but for what cuts across all rooms."""
    tests = {room.relative_to(ROOT / "tests") for room in rooms("tests")}
    code = {room.relative_to(ROOT / "streams") for room in rooms("streams")}
    code |= {room.relative_to(ROOT) for room in rooms("models")}

    assert set() == {str(room) for room in tests - code} - CROSS_CUTTING


def test_two_classes_of_one_name_are_one_idea() -> None:
    """Within a package a public name means one thing: another class of it extends the first."""
    twice = set()
    for top in ("models", "streams"):
        bases = defaultdict(list)
        for module in MODULES:
            if module.path.is_relative_to(ROOT / top):
                for name, node in public(module.tree.body):
                    if isinstance(node, ast.ClassDef) and "." not in name:
                        bases[name].append({ast.unparse(b).rpartition(".")[2] for b in node.bases})
        twice |= {name for name, all_ in bases.items() if sum(name not in b for b in all_) > 1}

    assert set() == twice


def test_nothing_is_left_for_later() -> None:
    """What is not done is said in README, not in the code."""
    assert [] == [str(module) for module in MODULES if LEFTOVERS.search(module.text)]


def test_no_file_names_a_registry_or_a_place_on_one_machine() -> None:
    """Where packages come from is the installer's business; paths are relative."""
    found = []
    for path in kept_files():
        text = path.read_text(errors="replace")
        places = [host for host in REGISTRIES if host in text] + MACHINE_PATH.findall(text)
        found += [f"{path.relative_to(ROOT)}: {place}" for place in places]

    assert [] == found


def test_the_packages_say_what_they_are() -> None:
    """`models` are learned models, `streams` is where events go through: the first line says so."""
    first = {m.path.parent.name: m.text.splitlines()[0] for m in MODULES if _is_top(m.path)}

    assert {"models", "streams"} == first.keys()
    assert "learn" in first["models"].lower()
    assert "events in, prompts out" in first["streams"].lower()


def test_imports_point_down() -> None:
    """The contracts in pyproject.toml are kept."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    if done.returncode:
        pytest.fail(done.stdout + done.stderr)


def _is_top(path: Path) -> bool:
    return path.name == "__init__.py" and path.parent.parent == ROOT
