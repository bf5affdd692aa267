"""What the test files share: referents of every temper, and ways to watch errors and processes."""

import contextlib
import subprocess
import sys
import sysconfig
import textwrap

FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


class Thing:
    """Compares by identity, as most objects do; `name` tells one from another."""

    def __init__(self, name=None):
        self.name = name

    def __repr__(self):
        return f"Thing({self.name!r})"


class Equal(Thing):
    """Compares by `name`, so that two objects can be one key."""

    def __eq__(self, other):
        return isinstance(other, Equal) and self.name == other.name

    def __hash__(self):
        return hash(self.name)


class Colliding(Equal):
    """Like `Equal`, with one hash for all: every lookup has to compare."""

    def __hash__(self):
        return 7


class Unhashable(Thing):
    """Can be weakly referenced, but not looked up."""

    __hash__ = None


class Hostile(Thing):
    """Runs `on_hash()` or `on_eq()` in the middle of a lookup, while one is set; then compares
    as `Colliding` does.
    """

    on_hash = on_eq = None

    def __hash__(self):
        if self.on_hash is not None:
            self.on_hash()
        return 7

    def __eq__(self, other):
        for side in (self, other):
            hook = getattr(side, "on_eq", None)
            if hook is not None:
                hook()
        return isinstance(other, Hostile) and self.name == other.name


def things(count, kind=Thing):
    """`count` new referents, named by number."""
    return [kind(number) for number in range(count)]


def entries(container):
    """What a container shows, as plain data: pairs of a mapping, elements of a set."""
    return list(container.items()) if hasattr(container, "items") else list(container)


def equal(left, right):
    """Whether two objects are equal: by `==`, and by `!=` just so."""
    assert (left == right) is not (left != right)
    return left == right


def found(lookup, *arguments):
    """What a lookup gives; None for a KeyError."""
    try:
        return lookup(*arguments)
    except KeyError:
        return None


@contextlib.contextmanager
def unraisable():
    """Collect what goes to `sys.unraisablehook`, as exceptions."""
    seen = []
    previous = sys.unraisablehook
    # The hook must not keep the reported object, or it would resurrect what is dying.
    sys.unraisablehook = lambda report: seen.append(report.exc_value)
    try:
        yield seen
    finally:
        sys.unraisablehook = previous


def run_python(code, *options):
    """Run `code` in a new interpreter; a hang is a failure after a minute."""
    return subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
    )


def output_of(code, *options):
    """The lines that `code` prints in a new interpreter, which has to end well and silently."""
    done = run_python(code, *options)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()
