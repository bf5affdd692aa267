"""The contract is covered: each test says its section, and no section is without a test."""

import ast
import pathlib
import re

CONTRACT = {*range(1, 47)}
SECTION = re.compile(r"\bS(\d+)\b")
FILES = sorted(pathlib.Path(__file__).parent.glob("test_*.py"))


def sections(text):
    return {int(number) for number in SECTION.findall(text or "")}


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


def test_every_section_has_a_test():
    """By the docstrings of the test functions alone, so that a deleted test is missed."""
    trees = [ast.parse(path.read_text("utf-8")) for path in FILES]
    cited = [sections(ast.get_docstring(test)) for tree in trees for test in functions(tree)]
    assert set().union(*cited) == CONTRACT


def test_every_test_of_the_behaviour_says_its_section():
    """A file whose tests mostly do so has none that does not."""
    for path in FILES:
        tests = functions(ast.parse(path.read_text("utf-8")))
        silent = [test.name for test in tests if not sections(ast.get_docstring(test)) & CONTRACT]
        assert len(silent) == 0 or len(silent) > len(tests) // 2, (path.name, silent)
