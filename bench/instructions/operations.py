"""The hot operations of the Python package, for `count.py` to count the instructions of.

    python operations.py ours      # with `weakrefs`
    python operations.py strong    # with the least that does the same: `dict`, `set`, bare references

callgrind counts, with `--dump-before=getppid`: a call of `os.getppid` ends one count and begins the next,
so that every second count is an operation's. Standard output says what the counts can be compared with,
then names the operations in their order: how often each was done, a tab, its name.

A process runs one way only, since the interpreter specialises code for the types that it meets first.
"""

import gc
import os
import platform
import sys
import sysconfig
import textwrap
import weakref

import weakrefs

OURS = {"ours": True, "strong": False}[sys.argv[1]]
TIMES = 250

KeyMap = weakrefs.WeakKeyDictionary if OURS else dict
Ephemerons = weakrefs.EphemeronDictionary if OURS else dict
ValueMap = weakrefs.WeakValueDictionary if OURS else dict
Set = weakrefs.WeakSet if OURS else set

OPERATIONS = {}
SOURCE = """
def prepared(objects):
{prepare}
    def run():
{run}
    return run
"""


class Referent(str):
    """An object that is found by identity, and whose hash is as cheap as an address but none: by address,
    entries collide otherwise whenever anything else is allocated, and counts differ by 10 %."""

    __slots__ = ("__weakref__",)


class Listener:
    def method(self):
        pass


def ignore(reference):
    pass


def referents():
    return [Referent(i) for i in range(TIMES)]


def names(objects):
    return [f"key {i}" for i in range(len(objects))]


def bare_references(objects):
    return [weakref.ref(each, ignore) for each in objects]


def with_references(objects, container):
    """What a new container amounts to: a strong one needs references beside it to know of a death."""
    return container if OURS else (container, bare_references(objects))


def filled_key_map(objects, container=KeyMap):
    mapping = container()
    for each in objects:
        mapping[each] = 1
    return mapping


def filled_value_map(keys, objects):
    mapping = ValueMap()
    for key, each in zip(keys, objects):
        mapping[key] = each
    return mapping


def operation(name, run, prepare="pass", strong=None):
    """Code to count, which does its operation once with each of `objects`, after code that is not counted. What it
    returns is released outside the count."""
    run = run if OURS or strong is None else strong
    namespace = {}
    source = SOURCE.format(prepare=textwrap.indent(prepare, " " * 4), run=textwrap.indent(run, " " * 8))
    exec(compile(source, f"<{name}>", "exec"), globals(), namespace)
    OPERATIONS[name] = namespace["prepared"]


KEY_MAP = "mapping = filled_key_map(objects)"
VALUE_MAP = "keys = names(objects)\nmapping = filled_value_map(keys, objects)"
SET = "elements = Set(objects)"
MISS = "for key in keys:\n    try: mapping[key]\n    except KeyError: pass"
PAIRS = "for key, each in zip(keys, objects): mapping[key] = each"

operation("key map d[k]", "for each in objects: mapping[each]", KEY_MAP)
operation("key map get", "for each in objects: get(each)", "get = filled_key_map(objects).get")
operation("key map in", "for each in objects: each in mapping", KEY_MAP)
operation("ephemerons d[k]", "for each in objects: mapping[each]", "mapping = filled_key_map(objects, Ephemerons)")
operation("set in", "for each in objects: each in elements", SET)
operation("value map d[k], same str", "for key in keys: mapping[key]", VALUE_MAP)
operation("value map d[k], equal str", "for key in keys: mapping[key]", f"{VALUE_MAP}\nkeys = names(objects)")
operation(
    "value map d[k], equal tuple",
    "for key in keys: mapping[key]",
    "keys, found = ([(name, 1) for name in names(objects)] for _ in range(2))\nmapping = filled_value_map(found, objects)",
)
operation(
    "value map get", "for key in keys: get(key)", "keys = names(objects)\nget = filled_value_map(keys, objects).get"
)
operation(
    "value map get, miss",
    "for key in keys: get(key)",
    "get, keys = filled_value_map(names(objects), objects).get, [f'no {key}' for key in names(objects)]",
)
operation("key map d[k], miss", MISS, f"{KEY_MAP}\nkeys = [Referent(f'no {{each}}') for each in objects]")
operation("value map d[k], miss", MISS, f"{VALUE_MAP}\nkeys = [f'no {{key}}' for key in keys]")

operation("key map replace", "for each in objects: mapping[each] = 2", KEY_MAP)
operation("value map replace", PAIRS, VALUE_MAP)
operation(
    "key map insert",
    "mapping = KeyMap()\nfor each in objects: mapping[each] = 1\nreturn with_references(objects, mapping)",
)
operation(
    "ephemerons insert",
    "mapping = Ephemerons()\nfor each in objects: mapping[each] = 1\nreturn with_references(objects, mapping)",
)
operation(
    "value map insert",
    f"mapping = ValueMap()\n{PAIRS}\nreturn with_references(objects, mapping)",
    "keys = names(objects)",
)
operation(
    "set insert",
    "elements = Set()\nfor each in objects: elements.add(each)\nreturn with_references(objects, elements)",
)

# A strong container would keep the objects alive: then the references alone.
for container, filled in {
    "key map": "filled_key_map(victims)",
    "value map": "filled_value_map(names(victims), victims)",
    "set": "Set(victims)",
}.items():
    operation(
        f"{container} death",
        "victims.clear()\nreturn kept",
        f"victims = referents()\nkept = {filled if OURS else 'bare_references(victims)'}",
    )

operation("key map iterate", "for _ in mapping: pass", KEY_MAP)
operation("key map items", "for _, _ in mapping.items(): pass", KEY_MAP)
operation("value map values", "for _ in mapping.values(): pass", VALUE_MAP)
operation("set iterate", "for _ in elements: pass", SET)
for container, prepare, built in [
    ("key map build", "source = dict.fromkeys(objects)", "KeyMap(source)"),
    ("value map build", "source = dict(zip(names(objects), objects))", "ValueMap(source)"),
    ("set build", "pass", "Set(objects)"),
    ("key map copy", KEY_MAP, "mapping.copy()"),
    ("value map copy", VALUE_MAP, "mapping.copy()"),
    ("set copy", SET, "elements.copy()"),
]:
    operation(container, f"return with_references(objects, {built})", prepare)

# The least that does the same as finalizers and methods is a bare reference with a callback.
operation(
    "finalize create and fire",
    "for _ in objects:\n    victim = Listener()\n    finalize(victim, ignore, None)\n    del victim",
    "finalize, ref = weakrefs.finalize, weakref.ref",
    "for _ in objects:\n    victim = Listener()\n    reference = ref(victim, ignore)\n    del victim\nreturn reference",
)
operation(
    "WeakMethod create",
    "for _ in objects: weak_method(method, ignore)",
    "weak_method, ref, method = weakrefs.WeakMethod, weakref.ref, Listener().method",
    "for _ in objects: ref(method.__self__, ignore)",
)
operation(
    "WeakMethod call",
    "for _ in objects: reference()\nreturn listener",
    "listener = Listener()\nreference = weakrefs.WeakMethod(listener.method) if OURS else weakref.ref(listener)",
    "for _ in objects: reference().method\nreturn listener",
)


def subject():
    """An optimized build and a plain one of the same version differ by as much as a regression does."""
    told = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    optimized = told or sys.base_prefix == "/usr"  # Debian optimizes without telling
    version = ".".join(platform.python_version_tuple()[:2])
    return f"CPython {version}{' optimized' if optimized else ''}, {platform.machine()}"


def main():
    gc.disable()
    print(subject())
    for name, prepare in OPERATIONS.items():
        objects = referents()
        # Twice, for the interpreter to have specialised the code, and what is made once to be there.
        for _ in range(2):
            prepare(objects)()
        run = prepare(objects)
        os.getppid()
        kept = run()
        os.getppid()
        del kept
        print(TIMES, name, sep="\t")


main()
