"""S36: a failed allocation is a `MemoryError`, with the contents intact; deaths and evictions need no memory.

Every allocation of the interpreter fails in turn, by `_testcapi.set_nomemory`: one, or all from one on. Each operation
has a process of its own, so that one that ends it, or hangs, is known by name.
"""

import os
import pathlib
import subprocess
import sys

import pytest
from operations import OPERATIONS

pytest.importorskip("_testcapi", reason="needs set_nomemory")
pytest.importorskip("fcntl", reason="needs fork")

# An import allocates some thousand times: every 7th allocation fails, or every one if this is 1.
IMPORT_STEP = int(os.environ.get("WEAKREFS_IMPORT_STEP", "7"))

FAILING = """
import gc, mmap, os, re, signal, struct, sys
from _testcapi import remove_mem_hooks, set_nomemory
gc.disable()
progress = mmap.mmap(-1, 8)


def say(name, result):
    os.write(1, f"{name} => {result}\\n".encode())


def fail(code, scope, first, last):
    '''What `code` comes to if the allocations after `first` and up to `last` fail; up to the end if that is 0.'''
    struct.pack_into("ii", progress, 0, first, last)
    set_nomemory(first, last)
    try:
        try:
            result = eval(code, scope)
        finally:
            remove_mem_hooks()
    except MemoryError:
        return None
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return result


def in_child(name, body, may_end=False):
    '''Say what `body()` says, or how the process has ended that it had, unless it may end.'''
    child = os.fork()
    if not child:
        signal.alarm(TIMEOUT)
        say(name, body())
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status and not may_end:
        first, last = struct.unpack_from("ii", progress)
        say(name, f"status {status} with allocations {first} to {last or 'the end'} failing")
"""

DEFINED = """
defined = {{"__name__": "operations"}}
exec({text!r}, defined)
OPERATIONS, prepared = defined["OPERATIONS"], defined["prepared"]
"""

EVERY_OPERATION = """
# One change, which is made or not.
SINGLE = re.compile(r"seq[(](members|keys|values)[.](add|remove|__setitem__|__delitem__|pop)|(members|keys|values)[.]popitem")


def picture(scope):
    '''The entries of the three containers, in terms of names.'''
    scope["dying"].clear()
    names = {id(scope[name]): name for name in "abc"}
    name = lambda value: names.get(id(value), value)
    entries = {("members", name(element)): None for element in scope["members"]}
    entries.update((("keys", name(key)), value) for key, value in scope["keys"].items())
    entries.update((("values", key), name(value)) for key, value in scope["values"].items())
    return entries


def intact(operation, before, after, full):
    if SINGLE.match(operation) or before == full:
        return after in (before, full)
    return before.keys() & full.keys() <= after.keys() <= before.keys() | full.keys() and all(
        after[key] in (before.get(key), full.get(key)) for key in after
    )


def attempt(operation):
    code = compile(operation, "operation", "eval")
    before, full = picture(prepared()), prepared()
    if eval(code, full) is not True:
        return "is wrong"
    full = picture(full)

    def failing(first, last):
        scope = prepared()
        result = fail(code, scope, first, last)
        if result is not True and result is not None:
            return f"{result} with allocations {first} to {last or 'the end'} failing"
        after = picture(scope)
        sizes = [len(scope[name]) == len(list(scope[name])) for name in ("members", "keys", "values")]
        if not (intact(operation, before, after, full) and all(sizes)):
            return f"{after} of {before}, {full} with allocations {first} to {last or 'the end'} failing"
        return result

    # Once nothing is left to fail, their number is known.
    count = 0
    while (result := failing(count, 0)) is not True:
        if result is not None:
            return result
        count += 1
    for number in range(count):
        if (result := failing(number, number + 1)) not in (True, None):
            return result
    return True


for operation in OPERATIONS:
    in_child(operation, lambda: attempt(operation))
"""

DEATHS = """
globals().update(defined)
log = [None] * 5
log.append(None)  # has room for more now
MORTAL = {
    "element": lambda dying: WeakSet([*dying, kept]),
    "key": lambda dying: WeakKeyDictionary({each: Thing() for each in [*dying, kept]}),
    "value": lambda dying: WeakValueDictionary((Thing(), each) for each in [*dying, kept]),
    "element of a subclass": lambda dying: Set([*dying, kept]),
    "key of a subclass": lambda dying: Keys({each: Thing() for each in [*dying, kept]}),
    "value of a subclass": lambda dying: Values((Thing(), each) for each in [*dying, kept]),
}
kept = Thing()


def ended(count, walks, make, end):
    reports = []
    sys.unraisablehook = lambda report: reports.append(repr(report.exc_value))
    dying = [Thing() for _ in range(count)]
    container = make(dying)
    begun = [iter(container) for _ in range(walks)]
    for walk in begun:
        next(walk)
    # Two allocations are those of the call itself; see that they are enough.
    result = fail(END[end], {"dying": dying, "begun": begun, "collect": gc.collect}, ALLOWED, 0)
    left = len(container), len(list(container))
    return result == (None, None) and dying == begun == reports == [] and left == (1, 1) or (result, reports, left)


END = {
    "before": compile("dying.clear(), begun.clear()", "", "eval"),
    "after": compile("begun.clear(), dying.clear()", "", "eval"),
}
# What `eval` itself allocates is allowed, and a few more, as it takes some from what it has freed before. 300 deaths do not.
NOTHING = {"dying": [], "begun": [], "collect": gc.collect}
ALLOWED = 4 + next(n for n in range(100) if fail(END["before"], dict(NOTHING), n, 0) == (None, None))
for name, make in MORTAL.items():
    for count in 1, 300:
        for walks in 0, 1, 3:
            for end in END:
                in_child(f"{name} {count} {walks} {end}", lambda: ended(count, walks, make, end))


def fired(make):
    dying, made = [Thing()], []
    made.append(make(dying[0]))
    result = fail(END["before"], {"dying": dying, "begun": []}, ALLOWED, 0)
    return result == (None, None) and len(log) == 7 or (result, log)


for name, make in {
    "finalizer": lambda dying: finalize(dying, log.append, 1),
    "WeakMethod": lambda dying: WeakMethod(dying.method, log.append),
    "KeyedRef": lambda dying: KeyedRef(dying, log.append, 1),
}.items():
    in_child(name, lambda: fired(make))


def collected(make):
    reports = []
    sys.unraisablehook = lambda report: reports.append(repr(report.exc_value))
    cycle = [Thing(), Thing()]
    cycle.append(make(cycle[:2]))
    cycle.append(iter(cycle[2]))
    next(cycle[3])
    cycle.append(cycle)
    watch = ref(cycle[0])
    del cycle
    code = compile("(collect(), None)[1]", "", "eval")
    result = fail(code, {"collect": gc.collect}, ALLOWED + 2, 0)
    return result is None and watch() is None and reports == [] or (result, reports)


for name, make in MORTAL.items():
    in_child(f"{name} collected", lambda: collected(make))
"""

IMPORT = """
import _imp, atexit, collections.abc, copy, importlib.machinery, importlib.util, types  # these are not the question
directory = importlib.util.find_spec("weakrefs").submodule_search_locations
spec = importlib.machinery.PathFinder.find_spec("weakrefs._weakrefs", directory)
# The extension's own part. Reading and compiling the rest of the package is the interpreter's, which does not always
# survive it.
IMPORT = compile("[module := create(spec), execute(module)][0]", "", "eval")
SCOPE = {"create": _imp.create_dynamic, "execute": _imp.exec_dynamic, "spec": spec}


def attempt(first, last):
    def body():
        result = fail(IMPORT, SCOPE, first, last)
        if isinstance(result, str) and not result.startswith("ImportError"):
            return result
        if not hasattr(result, "WeakSet"):
            # What has failed can be done again, as a program would that catches the error.
            for name in [name for name in sys.modules if name.startswith("weakrefs")]:
                del sys.modules[name]
        import weakrefs
        members = weakrefs.WeakSet([body])
        weakrefs.finalize(body, int), members.copy(), weakrefs.WeakKeyDictionary({body: 1}) | {}
        return len(members) == 1
    return body


def cannot_make_classes():
    '''Whether the interpreter counts an entry of a `dict` that it had no memory to insert, as 3.13.0 does. Then it may
    end the process while it makes a class.
    '''
    entries = dict.fromkeys("abcde")
    fail(compile("entries.setdefault('f')", "", "eval"), {"entries": entries}, 1, 2)
    return len(entries) == 6 and "f" not in entries


def allocates(first):
    '''Whether an import allocates more often than that.'''
    child = os.fork()
    if not child:
        signal.alarm(TIMEOUT)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os._exit(not hasattr(fail(IMPORT, SCOPE, first, 0), "WeakSet"))
    return os.waitpid(child, 0)[1] != 0


count = 500
while allocates(count):
    count += 500
may_end = cannot_make_classes()
for first in range(0, count, STEP):
    in_child(f"{first} alone", attempt(first, first + 1), may_end)
    in_child(f"{first} to the end", attempt(first, 0))
"""


def results_of(body, defined=DEFINED, timeout=20):
    """What `body` says of each of its cases, and what was written to stderr."""
    text = pathlib.Path(__file__).with_name("operations.py").read_text()
    begin = f"STEP, TIMEOUT = {IMPORT_STEP}, {timeout}\n{FAILING}{defined.format(text=text)}"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", begin + body], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return dict(line.split(" => ", 1) for line in done.stdout.splitlines()), done.stderr


def wrong(results):
    return {name: result for name, result in results.items() if result != "True"}


@pytest.fixture(scope="module")
def every_operation():
    return results_of(EVERY_OPERATION)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_allocation_of_an_operation_fails(operation, every_operation):
    """S36: one, or all from one on; it raises `MemoryError` or works, and no entry is lost or made up."""
    results, _ = every_operation
    assert results[operation] == "True"


def test_no_operation_panics(every_operation):
    """S36: not even unseen."""
    _, stderr = every_operation
    assert "panicked" not in stderr


def test_deaths_need_no_memory():
    """S36: while every allocation fails, whatever dies leaves its container, under open iterators, alone and in
    numbers; callbacks and finalizers run; the collector takes cycles.
    """
    results, stderr = results_of(DEATHS)
    assert wrong(results) == {} and stderr == "" and len(results) > 80


def test_an_import_that_fails():
    """S36: raises `MemoryError` or `ImportError`; the next one works."""
    results, stderr = results_of(IMPORT, defined="", timeout=3)
    assert wrong(results) == {} and "panicked" not in stderr and len(results) > 20
