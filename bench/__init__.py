"""Measurements of weakrefs, a room for each kind: `python`, `rust`, `instructions`, and `report`, which shows figures.

`python -m bench` measures time and memory and shows them, `python -m bench.instructions` counts instructions; both are
for `cargo xtask` to run, in the root of the repository.
"""

import sys
from pathlib import Path

# The package's own model of results, its tables and its cases, from the sources: they need no extension.
sys.path.append(str(Path(__file__).parents[1] / "crates/weakrefs-python/python/weakrefs"))
