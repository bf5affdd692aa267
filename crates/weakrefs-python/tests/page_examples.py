"""Runs the examples of a page, as one program: `python page_examples.py PAGE`.

Blocks of Python run in their order and share their names. One that shows a prompt is a doctest; any other has to run. Prints how
many ran. Where a page needs a package that is not there, it ends with status 5 and says which.
"""

import doctest
import re
import sys

import weakrefs

NEEDS = 5
BLOCK = re.compile(r"^( *)```(?:python|pycon)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def blocks(text):
    """The code of each block, after as many empty lines as stand before it in the page, so that errors name its lines."""
    for found in BLOCK.finditer(text):
        code = re.sub(f"^{found[1]}", "", found[2], flags=re.MULTILINE)
        yield "\n" * text.count("\n", 0, found.start(2)) + code


def run(code, page, names):
    if ">>> " not in code:
        exec(compile(code, page, "exec"), names)
        return
    # Examples that follow may use what the doctest has defined, hence the same names, neither copied nor cleared.
    test = doctest.DocTestParser().get_doctest(code, {}, page, page, 0)
    test.globs = names
    failed, _ = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, clear_globs=False)
    if failed:
        sys.exit(1)


def main(page):
    names = {"__name__": "__main__"}
    with open(page, encoding="utf-8") as file:
        examples = list(blocks(file.read()))
    try:
        for code in examples:
            run(code, page, names)
    except ModuleNotFoundError as error:
        print(error.name)
        sys.exit(NEEDS)
    finally:
        weakrefs.uninstall()
    print(len(examples))


if __name__ == "__main__":
    main(sys.argv[1])
