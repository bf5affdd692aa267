"""The Python package: what `python -m weakrefs bench` measures, growth, memory, and real programs."""
