"""`python -m weakrefs bench`: weakrefs, the interpreter's own `weakref` and the strong containers, side by side.

`cases` is the table of what is measured; `stage` and `timing` turn a case into a function, `worker` measures one in a
process of its own, `measure` has the ways take turns. `results` keeps the figures and `tables` shows them: neither
needs the extension. `command` is the command line. Charts, goals, memory and growth are in the repository, in `bench/`.
"""
