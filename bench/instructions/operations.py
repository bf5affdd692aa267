"""The hot operations of the Python package, for `cargo xtask instructions` to count the instructions of.

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
import weakref

import weakrefs

OURS = {"ours": True, "strong": False}[sys.argv[1]]
TIMES = 250

KeyMap = weakrefs.WeakKeyDictionary if OURS else dict
ValueMap = weakrefs.WeakValueDictionary if OURS else dict
Set = weakrefs.WeakSet if OURS else set

OPERATIONS = {}


class Referent(str):
    """An object that is found by identity, and whose hash is as cheap as an address but none: by address,
    entries collide otherwise whenever anything else is allocated, and counts differ by 10 %."""

    __slots__ = ("__weakref__",)


def referents():
    return [Referent(i) for i in range(TIMES)]


class Listener:
    def method(self):
        pass


def ignore(reference):
    pass


def bare_references(objects):
    return [weakref.ref(each, ignore) for each in objects]


def with_references(objects, container):
    """What a new container amounts to: a strong one needs references beside it to know of a death."""
    return container if OURS else (container, bare_references(objects))


def operation(name):
    """Each takes objects, prepares what is not counted, and returns the function to count, which does
    its operation once with each object. What that returns is released outside the count."""

    def register(prepare):
        OPERATIONS[name] = prepare
        return prepare

    return register


def names(objects):
    return [f"key {i}" for i in range(len(objects))]


def filled_key_map(objects):
    mapping = KeyMap()
    for each in objects:
        mapping[each] = 1
    return mapping


def filled_value_map(keys, objects):
    mapping = ValueMap()
    for key, each in zip(keys, objects):
        mapping[key] = each
    return mapping


# Lookup


@operation("key map d[k]")
def key_getitem(objects):
    mapping = filled_key_map(objects)

    def run():
        for each in objects:
            mapping[each]

    return run


@operation("key map get")
def key_get(objects):
    get = filled_key_map(objects).get

    def run():
        for each in objects:
            get(each)

    return run


@operation("key map in")
def key_contains(objects):
    mapping = filled_key_map(objects)

    def run():
        for each in objects:
            each in mapping

    return run


@operation("set in")
def set_contains(objects):
    elements = Set(objects)

    def run():
        for each in objects:
            each in elements

    return run


@operation("value map d[k], same str")
def value_getitem(objects):
    keys = names(objects)
    mapping = filled_value_map(keys, objects)

    def run():
        for key in keys:
            mapping[key]

    return run


@operation("value map d[k], equal str")
def value_getitem_equal(objects):
    mapping, keys = filled_value_map(names(objects), objects), names(objects)

    def run():
        for key in keys:
            mapping[key]

    return run


@operation("value map get")
def value_get(objects):
    keys = names(objects)
    get = filled_value_map(keys, objects).get

    def run():
        for key in keys:
            get(key)

    return run


@operation("value map get, miss")
def value_get_miss(objects):
    get, keys = filled_value_map(names(objects), objects).get, [f"no {key}" for key in names(objects)]

    def run():
        for key in keys:
            get(key)

    return run


@operation("key map d[k], miss")
def key_getitem_miss(objects):
    return failing_lookups(filled_key_map(objects), [Referent(f"no {each}") for each in objects])


@operation("value map d[k], miss")
def value_getitem_miss(objects):
    keys = names(objects)
    return failing_lookups(filled_value_map(keys, objects), [f"no {key}" for key in keys])


def failing_lookups(mapping, keys):
    def run():
        for key in keys:
            try:
                mapping[key]
            except KeyError:
                pass

    return run


# Change


@operation("key map replace")
def key_replace(objects):
    mapping = filled_key_map(objects)

    def run():
        for each in objects:
            mapping[each] = 2

    return run


@operation("value map replace")
def value_replace(objects):
    keys = names(objects)
    mapping = filled_value_map(keys, objects)

    def run():
        for key, each in zip(keys, objects):
            mapping[key] = each

    return run


@operation("key map insert")
def key_insert(objects):
    def run():
        mapping = KeyMap()
        for each in objects:
            mapping[each] = 1
        return with_references(objects, mapping)

    return run


@operation("value map insert")
def value_insert(objects):
    keys = names(objects)

    def run():
        mapping = ValueMap()
        for key, each in zip(keys, objects):
            mapping[key] = each
        return with_references(objects, mapping)

    return run


@operation("set insert")
def set_insert(objects):
    def run():
        elements = Set()
        for each in objects:
            elements.add(each)
        return with_references(objects, elements)

    return run


def dying(objects, fill):
    """A strong container would keep the objects alive: then the references alone."""
    victims = referents()
    kept = (fill if OURS else bare_references)(victims)

    def run():
        victims.clear()
        return kept

    return run


@operation("key map death")
def key_death(objects):
    return dying(objects, filled_key_map)


@operation("value map death")
def value_death(objects):
    return dying(objects, lambda victims: filled_value_map(names(victims), victims))


@operation("set death")
def set_death(objects):
    return dying(objects, Set)


# Whole containers


@operation("key map iterate")
def key_iterate(objects):
    mapping = filled_key_map(objects)

    def run():
        for _ in mapping:
            pass

    return run


@operation("key map items")
def key_items(objects):
    mapping = filled_key_map(objects)

    def run():
        for _, _ in mapping.items():
            pass

    return run


@operation("value map values")
def value_values(objects):
    mapping = filled_value_map(names(objects), objects)

    def run():
        for _ in mapping.values():
            pass

    return run


@operation("set iterate")
def set_iterate(objects):
    elements = Set(objects)

    def run():
        for _ in elements:
            pass

    return run


@operation("key map build")
def key_build(objects):
    source = dict.fromkeys(objects)
    return lambda: with_references(objects, KeyMap(source))


@operation("value map build")
def value_build(objects):
    source = dict(zip(names(objects), objects))
    return lambda: with_references(objects, ValueMap(source))


@operation("set build")
def set_build(objects):
    return lambda: with_references(objects, Set(objects))


@operation("key map copy")
def key_copy(objects):
    mapping = filled_key_map(objects)
    return lambda: with_references(objects, mapping.copy())


@operation("value map copy")
def value_copy(objects):
    mapping = filled_value_map(names(objects), objects)
    return lambda: with_references(objects, mapping.copy())


@operation("set copy")
def set_copy(objects):
    elements = Set(objects)
    return lambda: with_references(objects, elements.copy())


# Finalizers and methods: the least that does the same is a bare reference with a callback


@operation("finalize create and fire")
def finalize_create_and_fire(objects):
    finalize, ref = weakrefs.finalize, weakref.ref

    def ours():
        for _ in objects:
            victim = Listener()
            finalize(victim, ignore, None)
            del victim

    def bare():
        for _ in objects:
            victim = Listener()
            reference = ref(victim, ignore)
            del victim
        return reference

    return ours if OURS else bare


@operation("WeakMethod create")
def method_create(objects):
    weak_method, ref, method = weakrefs.WeakMethod, weakref.ref, Listener().method

    def ours():
        for _ in objects:
            weak_method(method, ignore)

    def bare():
        for _ in objects:
            ref(method.__self__, ignore)

    return ours if OURS else bare


@operation("WeakMethod call")
def method_call(objects):
    listener = Listener()
    reference = weakrefs.WeakMethod(listener.method) if OURS else weakref.ref(listener)

    def ours():
        for _ in objects:
            reference()
        return listener

    def bare():
        for _ in objects:
            reference().method
        return listener

    return ours if OURS else bare


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
