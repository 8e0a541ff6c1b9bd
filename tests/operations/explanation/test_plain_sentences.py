"""What is told of a session is plain sentences: no marks of code, in a terminal or on a page."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.operations import explanation

FOLDER = Path(explanation.__file__).parent
MODULES = sorted(FOLDER.rglob("*.py"))
MARK = "`"


def texts_in(module: ast.Module) -> Iterator[str]:
    """Every text of a module, but what documents it and what is replaced: nobody is told those."""
    untold = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            untold |= {id(each) for each in node.args if node.func.attr == "replace"}
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and id(node) not in untold:
            yield node.value if isinstance(node.value, str) else ""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_no_text_of_a_story_or_of_why_holds_a_backtick(path: Path) -> None:
    """Commands are named in the sentence; where the text is another's, its marks are taken out."""
    assert [] == [text for text in texts_in(ast.parse(path.read_text())) if MARK in text]


def test_a_text_with_a_backtick_would_be_found() -> None:
    """In a sentence, and in a part of one; not where a function is documented."""
    module = ast.parse('def f():\n    """As `x`."""\n    yield f"`{1}`"\n    yield "see `y`"\n')
    taken_out = ast.parse('said.replace("`", "")')

    assert ["`", "`", "see `y`"] == sorted(text for text in texts_in(module) if MARK in text)
    assert [] == [text for text in texts_in(taken_out) if MARK in text]
