"""Programs that the fixtures `script` and `run` write and run, and how such a run went."""

# Each program begins with this, which tells outside of its output whose classes it was given.
WITNESS = """\
import os, weakref
with open(os.environ['WITNESS'], 'a') as witness:
    witness.write(weakref.WeakSet.__base__.__module__ + ' ')
"""
STANDARD, OURS = "builtins", "weakrefs._weakrefs"


class Outcome:
    """What a run of `python` gave."""

    def __init__(self, done, witness):
        self.status, self.output, self.errors = done.returncode, done.stdout, done.stderr
        self.seen = (self.status, self.output, self.errors)
        self.witness = witness.read_text().split() if witness.exists() else []
