"""The docstrings of the package, in its type stubs, where editors look for them.

After a change to a docstring or a stub, `python stub_docstrings.py` writes the docstrings of the installed package into
the stubs of the source tree. A test holds the installed stubs against what it would write.

Modules and classes have docstrings there, and in them whatever a `def` names that is not private. Of the several `def`s
of one name, overloads or the accessors of a property, the first has it.
"""

import ast
import importlib
import inspect
import pathlib
import textwrap

SOURCES = pathlib.Path(__file__).parents[1] / "python" / "weakrefs"


def described(stub):
    """The text of a stub, with the docstrings of the runtime in the place of those that are there."""
    lines = stub.read_text("utf-8").splitlines()
    module = importlib.import_module("weakrefs" if stub.stem == "__init__" else f"weakrefs.{stub.stem}")
    # From the end, so that the lines before stay where they are.
    for node, doc in reversed(list(_nodes(ast.parse("\n".join(lines)), module))):
        indentation = "" if isinstance(node, ast.Module) else " " * (node.col_offset + 4)
        first = node.body[0]
        at = first.lineno - 1
        if ast.get_docstring(node) is not None:
            lines[at : first.end_lineno] = _literal(doc, indentation)
        elif doc is not None and _is_dots(first):
            lines[at] = lines[at][: first.col_offset].rstrip() + lines[at][first.end_col_offset :]
            lines[at + 1 : at + 1] = _literal(doc, indentation)
        elif doc is not None:
            while at and lines[at - 1].strip()[:1] in ("", "#", "@"):  # what belongs to the first statement
                at -= 1
            lines[at:at] = _literal(doc, indentation)
    return "\n".join(lines) + "\n"


def _nodes(node, value):
    """What the module or class of `node` defines, itself included, each with the docstring it should have."""
    yield node, inspect.getdoc(value)
    described = set()
    for child in node.body:
        if isinstance(child, ast.ClassDef):
            yield from _nodes(child, getattr(value, child.name))
        elif isinstance(child, ast.FunctionDef):
            private = child.name.startswith("_") or child.name in described
            yield child, None if private else inspect.getdoc(getattr(value, child.name))
            described.add(child.name)


def _is_dots(statement):
    return (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and statement.value.value is ...
    )


def _literal(doc, indentation):
    """The lines of a docstring, or of the dots that stand for a body without one."""
    if doc is None:
        return [f"{indentation}..."]
    raw = "r" * ("\\" in doc)
    end = f"\n{indentation}" if "\n" in doc or doc.endswith('"') else ""
    return f'{indentation}{raw}"""{textwrap.indent(doc, indentation).lstrip()}{end}"""'.splitlines()


if __name__ == "__main__":
    for stub in SOURCES.glob("*.pyi"):
        stub.write_text(described(stub), "utf-8")
