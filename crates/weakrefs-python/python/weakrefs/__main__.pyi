"""`python -m weakrefs`: runs a program with our classes under the standard names, or `bench`, the benchmark.

The interpreter starts over with the options it was given and runs the program itself, so that `__main__`, `sys.argv`,
`sys.path`, tracebacks, signals and the exit status are Python's by construction. What makes the difference is
`_startup` at the head of PYTHONPATH: its `sitecustomize` installs ours and, unless children are to inherit it, leaves
no trace in the environment. The price is that `.pth` files and the user's `sitecustomize` run once more, before that.

The console script `weakrefs` is the same command: it calls `main` of the imported module.
"""

USAGE: str
HELP: str

def main(arguments: list[str] | None = None) -> int: ...
