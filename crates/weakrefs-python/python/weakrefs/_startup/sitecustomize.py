"""Installs weakrefs as an interpreter starts with this directory on PYTHONPATH, then makes way for the user's module.

`python -m weakrefs` puts the directory there. A child may be any Python with any packages, so this is written in the
oldest syntax, and what fails here is passed over: the child then runs with the standard classes, and in silence unless a
report was asked for.
"""

import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
carried = "WEAKREFS_CHILDREN" in os.environ
if not carried:
    entries = [entry for entry in os.environ["PYTHONPATH"].split(os.pathsep) if entry != here]
    if entries:
        os.environ["PYTHONPATH"] = os.pathsep.join(entries)
    else:
        del os.environ["PYTHONPATH"]

# The package may be out of reach of a child, so the place it was started from serves as the last resort.
path = [entry for entry in sys.path if entry != here]
sys.path[:] = path
sys.path.append(os.path.dirname(os.path.dirname(here)))
try:
    from weakrefs._start import begin

    begin(warn=not carried)
except Exception:
    if "WEAKREFS_REPORT" in os.environ and sys.stderr is not None:
        sys.stderr.write("weakrefs: process " + str(os.getpid()) + " is not served: " + repr(sys.exc_info()[1]) + "\n")
sys.path[:] = path

# With this module out of the way the name means the user's own; where there is none, this fails as `site` expects.
del sys.modules["sitecustomize"]
import sitecustomize  # noqa: F401
