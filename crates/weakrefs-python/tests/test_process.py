"""Whole processes (S31, S15, S5, S33).

Exit, shutdown with everything alive, fork, sub-interpreters, interrupts.
"""

import os
import signal
import sys
import textwrap

import pytest
from support import output_of, run_python

HEAD = """
import atexit, gc, os, signal, sys, threading
import weakrefs
from weakrefs import WeakKeyDictionary, WeakMethod, WeakSet, WeakValueDictionary, finalize

class Thing:
    def method(self):
        pass

def say(*words):
    print(*words, flush=True)

# A test run in the background may have handed down that interrupts are ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
"""
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def program(body):
    """A program with the usual names at hand."""
    return HEAD + textwrap.dedent(body)


# Exit


def test_finalizers_run_at_exit_newest_first():
    """S31: those still alive whose `atexit` is true."""
    code = """
        kept = [Thing() for _ in range(5)]
        finalizers = [finalize(thing, say, number) for number, thing in enumerate(kept)]
        finalizers[1].atexit = False
        finalizers[2].detach()
        finalizers[3]()
        say("end")
    """
    assert output_of(program(code)) == ["3", "end", "4", "0"]


def test_the_order_at_exit_after_some_have_ended():
    """S31: whichever they are; one that was initialised again counts as new."""
    code = """
        kept = [Thing() for _ in range(8)]
        finalizers = [finalize(thing, say, number) for number, thing in enumerate(kept)]
        for ended in (3, 7, 0, 4):
            finalizers[ended].detach()
        finalizers[2].__init__(kept[2], say, "again")
        finalizers[0].__init__(kept[0], say, "revived")
    """
    assert output_of(program(code)) == ["revived", "again", "6", "5", "1"]


def test_objects_that_die_after_exit_run_nothing():
    """S31: `atexit` false means not at exit, however its object ends."""
    code = """
        thing = Thing()
        finalize(thing, say, "never").atexit = False
        thing.itself = thing
        say("end")
    """
    assert output_of(program(code)) == ["end"]


def test_finalizers_made_by_finalizers_at_exit():
    """S31: run too, before the older ones; also if they are made for objects that die at once."""
    code = """
        kept = Thing()

        def more():
            say("first")
            finalize(kept, say, "new")
            finalize(Thing(), say, "of the moment")

        finalize(kept, say, "oldest")
        finalize(kept, more)
    """
    assert output_of(program(code)) == ["first", "of the moment", "new", "oldest"]


def test_errors_at_exit_are_reported_and_the_rest_run():
    """S31: to `sys.excepthook`; the exit status is not theirs."""
    code = """
        kept = Thing()
        finalize(kept, say, "older")
        finalize(kept, lambda: 1 / 0)
        finalize(kept, say, "newer")
        """
    done = run_python(program(code))
    assert done.returncode == 0 and done.stdout.split() == ["newer", "older"]
    assert done.stderr.count("ZeroDivisionError") == 1 and "Traceback" in done.stderr
    hooked = code + "sys.excepthook = lambda *report: say(report[0].__name__)\n"
    assert output_of(program(hooked)) == ["newer", "ZeroDivisionError", "older"]


def test_finalizers_that_end_each_other_at_exit():
    """S31: none runs twice, none is missed."""
    code = """
        kept = {number: Thing() for number in range(6)}
        finalizers = {}

        def end(number):
            say(number)
            finalizers.get(number - 1, int)()      # runs the next one
            other = finalizers.get(number - 3)
            other and other.detach()               # and takes one away
            kept.pop(number, None)

        for number in kept:
            finalizers[number] = finalize(kept[number], end, number)
    """
    assert output_of(program(code)) == ["5", "4", "3", "2", "1", "0"]


def test_after_exit_finalizers_are_inert():
    """S31: calling one gives None and runs nothing, though it was never run; also if it was made
    then.
    """
    code = """
        kept = Thing()

        def late():
            made_late = finalize(kept, say, "never")
            say("late", inert(), made_late())

        atexit.register(late)
        inert = finalize(kept, say, "never")
        inert.atexit = False
        finalize(kept, say, "at exit")
    """
    assert output_of(program(code)) == ["at exit", "late None None"]


@pytest.mark.parametrize("error", ["SystemExit(5)", "KeyboardInterrupt"])
def test_an_exit_inside_an_exit(error):
    """S31: is reported or passed over; the process ends as it was going to."""
    code = f"""
        def leave():
            say("leaving")
            raise {error}

        kept = Thing()
        finalize(kept, leave)
        say("end")
    """
    done = run_python(program(code))
    assert (done.returncode, done.stdout) == (0, "end\nleaving\n") and "Fatal" not in done.stderr


def test_the_atexit_functions_of_others_keep_their_order():
    """S31: the exit function of weakrefs is registered with the first finalizer."""
    code = """
        kept = Thing()
        atexit.register(say, "registered before")
        finalize(kept, say, "finalizer")
        atexit.register(say, "registered after")
    """
    assert output_of(program(code)) == ["registered after", "finalizer", "registered before"]


@pytest.mark.parametrize(
    ("ending", "status"),
    [("sys.exit(3)", 3), ("raise SystemExit('x')", 1), ("1 / 0", 1), ("os._exit(4)", 4)],
)
def test_every_way_of_ending(ending, status):
    """S31: finalizers run unless the process is cut off, and the exit status stays."""
    done = run_python(program(f"kept = Thing()\nfinalize(kept, say, 'ran')\n{ending}"))
    assert done.returncode == status
    assert done.stdout.split() == ([] if "_exit" in ending else ["ran"])


def test_a_call_that_leaves_its_finalizer_alive():
    """S31: an overridden call that ends nothing does not keep the process from ending."""
    code = """
        class Idle(finalize):
            def __call__(self, _=None):
                say("idle")

        kept = Thing()
        finalizer = Idle(kept, say)
    """
    done = run_python(program(code))
    assert done.returncode == 0 and set(done.stdout.split()) == {"idle"}


def test_finalizers_at_exit_may_use_everything():
    """S31: modules and globals are all there."""
    code = """
        kept = Thing()
        members, values = WeakSet([kept]), WeakValueDictionary(k=kept)

        def use():
            import json
            say(json.dumps([len(members), len(values), kept in members, values["k"] is kept]))
            members.add(Thing())
            gc.collect()
            say(len(members), len(WeakKeyDictionary({kept: 1})))

        finalize(kept, use)
    """
    assert output_of(program(code)) == ["[1, 1, true, true]", "1 1"]


def test_threads_make_finalizers_until_the_end():
    """S31: those of threads that have ended run like all others."""
    code = """
        kept = [Thing() for _ in range(4)]
        workers = [threading.Thread(target=finalize, args=(thing, say, "ran")) for thing in kept]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    """
    assert output_of(program(code)) == ["ran"] * 4


# Shutdown with everything alive

EVERYTHING = """
    class Key:
        def __init__(self, value):
            self.value = value
        def __eq__(self, other):
            return self.value == other.value
        def __hash__(self):
            return hash(self.value)
        def __del__(self):
            # Whatever is left of the module by now, nothing may crash.
            try:
                list(values), list(keys), list(members), len(values), self in keys
                members.discard(self), keys.pop(self, None), values.clear()
                finalize(self, int), WeakMethod(self.__del__)
            except (NameError, TypeError, AttributeError):
                pass

    kept = [Key(number) for number in range(50)]
    values = WeakValueDictionary({Key(number): key for number, key in enumerate(kept)})
    keys = WeakKeyDictionary({key: Key(-number) for number, key in enumerate(kept)})
    members = WeakSet(kept)
    methods = [WeakMethod(key.__del__, members.discard) for key in kept]
    references = [weakrefs.ref(key, keys.get) for key in kept]
    finalizers = [finalize(key, len, members) for key in kept]
    walks = [iter(values), values.items(), values.values(), values.itervaluerefs()]
    walks += [iter(keys), keys.items(), keys.values(), iter(members)]
    for walk in walks[::2]:
        next(walk)
    pictures = [values.data, keys.data, members.data]
    for container in (values, keys, members):
        container.itself, container.everything = container, globals()
    sys.everything = [values, keys, members, methods, finalizers, walks]
"""


@pytest.mark.parametrize("options", [(), ("-X", "dev"), ("-O",)], ids=["plain", "dev", "optimized"])
def test_shutdown_with_everything_alive(options):
    """S15: containers, references, finalizers, iterators and pictures in cycles, in globals, and
    in `sys`.
    """
    assert output_of(program(EVERYTHING + "\n    say('end')"), *options) == ["end"]


def test_shutdown_while_daemon_threads_are_working():
    """S33: they are stopped wherever they are."""
    code = """
        started = threading.Semaphore(0)

        def work(kind):
            container = kind()
            started.release()
            while True:
                kept = [Thing() for _ in range(20)]
                for thing in kept:
                    if kind is WeakSet:
                        container.add(thing)
                    else:
                        container[thing] = thing
                    finalize(thing, int)
                list(container), container.copy()

        for kind in (WeakSet, WeakKeyDictionary, WeakValueDictionary) * 2:
            threading.Thread(target=work, args=(kind,), daemon=True).start()
            started.acquire()
        say("end")
    """
    done = run_python(program(code))
    assert (done.returncode, done.stdout) == (0, "end\n") and "Fatal" not in done.stderr


def test_a_callback_at_shutdown_may_fail():
    """S5: it is reported, as any other."""
    code = """
        thing = Thing()
        failing = lambda _: 1 / 0
        sys.kept = weakrefs.ref(thing, failing), WeakSet([thing]), WeakMethod(thing.method, failing)
        del thing
        say("end")
    """
    done = run_python(program(code))
    assert (done.returncode, done.stdout) == (0, "end\n") and done.stderr.count("ZeroDivisionError: ") == 2


# Fork


@needs_fork
def test_fork():
    """S31: both processes have all entries and finalizers, and each runs its own, once."""
    code = """
        kept = [Thing() for _ in range(3)]
        members, values = WeakSet(kept), WeakValueDictionary(enumerate(kept))
        walk = iter(members)
        next(walk)
        finalize(kept[0], say, "inherited")
        say("before")
        child = os.fork()
        if child == 0:
            finalize(kept[1], say, "of the child")
            kept.pop()
            assert len(list(walk)) == 1 and len(members) == len(values) == 2
        else:
            assert os.waitpid(child, 0)[1] == 0
            say("parent goes on")
            assert len(list(walk)) == 2 and len(members) == len(values) == 3
    """
    assert output_of(program(code)) == [
        "before",
        "of the child",
        "inherited",
        "parent goes on",
        "inherited",
    ]


@needs_fork
def test_fork_inside_a_comparison():
    """S33: no lock is held there that the child could wait for."""
    code = """
        class Forking:
            def __hash__(self):
                return 1
            def __eq__(self, other):
                if not children:
                    children.append(os.fork())
                return True

        children = []
        stored = Forking()
        mappings = WeakKeyDictionary({stored: 1}), WeakValueDictionary({stored: stored})
        for container in (WeakSet([stored]), *mappings):
            assert Forking() in container
            if children.pop() == 0:
                container.clear()
                os._exit(len(container) + 7)
            assert os.waitstatus_to_exitcode(os.wait()[1]) == 7 and len(container) == 1
        say("end")
    """
    assert output_of(program(code)) == ["end"]


@needs_fork
def test_fork_while_other_threads_work():
    """S33: the child can use what they were using."""
    code = """
        members, stop = WeakSet(), threading.Event()
        kept = [Thing() for _ in range(10)]

        def work():
            while not stop.is_set():
                for thing in kept:
                    members.add(thing)
                members.clear()

        threading.Thread(target=work, daemon=True).start()
        for _ in range(20):
            child = os.fork()
            if child == 0:
                members.update(kept)
                os._exit(len(members))
            say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        stop.set()
    """
    assert output_of(program(code), "-W", "ignore") == ["10"] * 20


@needs_fork
@pytest.mark.parametrize(
    "use",
    [
        "WeakSet, []",
        "WeakSet().update, []",
        "WeakSet().__or__, []",
        "WeakSet().__sub__, []",
        "WeakSet().isdisjoint, []",
        "WeakKeyDictionary, {}",
        "WeakKeyDictionary().update, {}",
        "WeakKeyDictionary().clear",
        "WeakKeyDictionary().__repr__",
        "WeakKeyDictionary().__deepcopy__, {}",
        "WeakValueDictionary().update, {}",
        "WeakMethod, kept.method",
        "finalize, kept, bool",
    ],
)
def test_fork_in_the_middle_of_a_first_use(use):
    """S33: no child waits for a thread that was making something and that it does not have.

    The thread first is in native code for so long that the interpreter wants its lock back, and so gives the
    lock to the one that forks as soon as the first use lets go of it.
    """
    code = f"""
        import collections, itertools, time

        kept = Thing()
        use, *arguments = ({use},)
        gate = threading.Lock()
        gate.acquire()

        def work():
            gate.acquire()
            collections.deque(itertools.chain(range(5_000_000), itertools.starmap(use, [arguments])), 0)

        thread = threading.Thread(target=work)
        thread.start()
        gate.release()
        time.sleep(0.01)
        child = os.fork()
        if child == 0:
            signal.alarm(10)
            use(*arguments)
            os._exit(7)
        say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        thread.join()
    """
    assert output_of(program(code), "-W", "ignore") == ["7"]


# Sub-interpreters


def test_a_sub_interpreter_gets_an_import_error():
    """S33: a clear one, if it cannot have the module; the main interpreter goes on."""
    code = """
        try:
            import _interpreters as interpreters
        except ImportError:
            import _xxsubinterpreters as interpreters
        script = '''
        try:
            import weakrefs
        except ImportError as error:
            print("ImportError:", "subinterpreter" in str(error).replace("sub-", "sub"), flush=True)
        else:
            print(len(weakrefs.WeakSet([weakrefs.WeakSet])), flush=True)
        '''
        other = interpreters.create()
        interpreters.run_string(other, __import__("textwrap").dedent(script))
        interpreters.destroy(other)
        say(len(WeakSet([Thing])))
    """
    lines = output_of(program(code), "-W", "ignore")
    assert lines in (["ImportError: True", "1"], ["1", "1"])


# Interrupts


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_an_endless_update_can_be_interrupted():
    """S18: with what came before in place."""
    code = """
        class Endless:
            def __iter__(self):
                while True:
                    yield kept[0]
                    if len(members) == 1 and not sent:
                        sent.append(True)
                        signal.raise_signal(signal.SIGINT)

        kept, sent, members = [Thing()], [], WeakSet()
        try:
            members.update(Endless())
        except KeyboardInterrupt:
            say("interrupted", len(members))
    """
    assert output_of(program(code)) == ["interrupted 1"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_an_unhandled_interrupt_still_runs_finalizers():
    """S31: and the process ends as interrupted ones do."""
    done = run_python(program("kept = Thing()\nfinalize(kept, say, 'ran')\nsignal.raise_signal(signal.SIGINT)"))
    assert done.stdout.split() == ["ran"] and done.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in done.stderr
