"""Tries an installed package, with nothing but the interpreter; the argument is the version that it must have."""

import gc
import importlib.metadata
import sys

import weakrefs


class Owner:
    pass


distribution = importlib.metadata.distribution("weakrefs")
assert distribution.version == sys.argv[1], distribution.version
files = {path.name for path in distribution.files}
assert files >= {"py.typed", "__init__.pyi", "LICENSE-APACHE", "LICENSE-MIT"}, files

fired = []
owner = Owner()
values, keys, elements = weakrefs.WeakValueDictionary(), weakrefs.WeakKeyDictionary(), weakrefs.WeakSet()
values["owner"], keys[owner] = owner, "owner"
elements.add(owner)
weakrefs.finalize(owner, fired.append, "gone")
assert values["owner"] is owner and keys[owner] == "owner" and owner in elements
del owner
gc.collect()
assert (len(values), len(keys), len(elements), fired) == (0, 0, 0, ["gone"])
