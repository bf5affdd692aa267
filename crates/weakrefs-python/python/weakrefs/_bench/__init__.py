"""`python -m weakrefs bench`: ours, the interpreter's own `weakref` and the strong containers, side by side.

`cases` is the table of what is measured and `goals` what is to be reached; `stage` and `timing` turn a case into a
function, `worker` and `memory` measure one case one way in a process of its own, `measure` has the three take turns;
`results` keeps the figures, `report` and `plot` show them; `command` is the command line.
"""
