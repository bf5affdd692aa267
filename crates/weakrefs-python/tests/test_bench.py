"""The benchmark of the package, not timed: that its cases do the same three ways and leave nothing out, how they take
turns, and what `python -m weakrefs bench` shows.
"""

import itertools
import json
import os
import subprocess
import sys
import threading

import pytest
import weakrefs
from weakrefs._bench import command, measure, stage, tables, timing, worker
from weakrefs._bench.cases import CASES, WAYS
from weakrefs._bench.results import Figure, Results, Row, environment
from weakrefs._bench.stage import Stage

# Public methods without a case of their own, and why.
SAME_AS_METHOD = "the operator does what the method does"
IN_PLACE = "does what the in-place operator does"
WITHOUT_CASE = {
    "WeakKeyDictionary": {
        "__copy__": "is copy",
        "__deepcopy__": "costs what copying the values does",
        "data": "a picture, for whoever looks inside",
    },
    "WeakValueDictionary": {
        "__copy__": "is copy",
        "__deepcopy__": "costs what copying the keys does",
        "data": "a picture, for whoever looks inside",
    },
    "WeakSet": {
        **dict.fromkeys(["__or__", "__and__", "__sub__", "__xor__"], SAME_AS_METHOD),
        **dict.fromkeys(["__ror__", "__rand__", "__rsub__", "__rxor__"], SAME_AS_METHOD),
        **dict.fromkeys(["__le__", "__ge__"], SAME_AS_METHOD),
        **dict.fromkeys(["__lt__", "__gt__"], "issubset and issuperset, and a comparison of lengths"),
        **dict.fromkeys(["intersection_update", "difference_update", "symmetric_difference_update"], IN_PLACE),
        "__deepcopy__": "costs what copying the elements does",
        "__reduce__": "pickling costs far more",
        "data": "a picture, for whoever looks inside",
    },
    "finalize": {"atexit": "a flag that is read once"},
    "WeakMethod": dict.fromkeys(["__le__", "__lt__", "__ge__", "__gt__"], "references have no order"),
}
COMPARISONS = {"__eq__", "__le__", "__lt__", "__ge__", "__gt__"}


class Plain:
    pass


# What every class has.
NO_OPERATIONS = {*dir(Plain), "__abstractmethods__", "__callback__", "__class_getitem__", "__reversed__", "__slots__"}
NO_OPERATIONS |= {"__getnewargs__", "__signature__"}
# What is kept there once somebody has asked for annotations, or pickled.
NO_OPERATIONS |= {"__annotate_func__", "__annotations__", "__annotations_cache__", "__slotnames__"}


def operations(cls):
    """The public methods and operators of a class."""
    public = {name for name in dir(cls) if name[0] != "_" or name[:2] == name[-2:] == "__"}
    own = {name for name in COMPARISONS if getattr(cls, name) is not getattr(object, name)}
    return public - NO_OPERATIONS | own


# The cases


@pytest.mark.parametrize("group", WITHOUT_CASE)
def test_every_operation_has_a_case(group):
    measured = {case.of for case in CASES if case.group == group}
    missing = operations(getattr(weakrefs, group)) - measured - set(WITHOUT_CASE[group])
    assert not missing


@pytest.mark.parametrize("group", WITHOUT_CASE)
def test_what_has_no_case_needs_its_excuse(group):
    measured = {case.of for case in CASES if case.group == group}
    cls = getattr(weakrefs, group)
    assert all(hasattr(cls, name) and name not in measured for name in WITHOUT_CASE[group])


def test_labels_are_unique():
    assert len({case.label for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_a_case_does_the_same_three_ways(case, monkeypatch):
    """The containers have the same size afterwards, and lookups that should find do not raise."""
    monkeypatch.setattr(stage, "CROWD", 10)
    sizes = {}
    for way in WAYS:
        place = Stage(case.group, way, case.kind, 12)
        code = "\n".join(case.code(way))
        names = {name: getattr(place, name) for name in timing.names_used(code) if name in dir(place)}
        exec(code, names)
        sizes[way] = [(name, len(names[name])) for name in ("d", "s", "new") if name in names]
    assert sizes["ours"] == sizes["standard"] == sizes["strong"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_a_case_can_be_timed(case, way, monkeypatch):
    monkeypatch.setattr(stage, "CROWD", 10)
    assert timing.timed_function(case, way, 12)(3) > 0


@pytest.mark.parametrize("kind", sorted(set(stage.KINDS) - {"object"}))
def test_equal_keys_are_not_the_same(kind):
    place = Stage("WeakValueDictionary", "ours", kind, 12)
    same = {id(key) for key in place.keys}
    assert set(place.equal) == set(place.keys) and not any(id(key) in same for key in place.equal)
    assert set(place.absent).isdisjoint(place.keys)


def test_what_the_container_refers_to_lives_as_long_as_the_function():
    case = next(case for case in CASES if case.label == "WeakValueDictionary: d[k], same str")
    timed = timing.timed_function(case, "ours", 12)
    assert timed(1) > 0 and timed(1) > 0  # a dead value would be a KeyError


def test_a_clock_that_has_become_faster(monkeypatch):
    """To ask it takes 9 seconds while it is asked how long that takes, then 2, and 1 in the end."""
    asked = iter([*[9] * (2 * timing.READINGS), *[2] * 10, *[1] * (2 * timing.READINGS)])
    monkeypatch.setattr(timing, "CLOCK", itertools.accumulate(asked).__next__)
    case = next(case for case in CASES if case.label == "WeakSet: remove")
    assert timing.timed_function(case, "strong", 12)(5) == 5 * (2 - 1)


@pytest.mark.parametrize("gil", [True, False])
def test_two_threads_are_measured_where_they_run_at_once(gil, monkeypatch):
    monkeypatch.setattr(measure, "GIL", gil)
    threads = [task.case.threads for task in measure.plan([10], WAYS, bool)]
    assert (2 in threads) is not gil and 1 in threads


def test_threads_at_once():
    """All of them do all of it, it lasts until the last one is done, and an error is not lost."""
    done = []
    together = threading.Barrier(2, timeout=60)

    def function(loops):
        together.wait()
        done.append(loops)

    assert timing.at_once(function, 2)(3) > 0 and done == [3, 3]
    with pytest.raises(ZeroDivisionError):
        timing.at_once(lambda loops: loops / 0, 2)(1)


# Measuring


def test_passes_are_as_many_as_take_so_long():
    asked = []

    def function(loops):
        asked.append(loops)
        return loops * 0.001

    assert timing.calibrated(function, 0.01) == 16 and asked == [1, 2, 4, 8, 16]


@pytest.fixture
def unfrozen():
    """The worker is a process of its own, which keeps the collector still to its end."""
    yield
    worker.gc.unfreeze()


@pytest.mark.parametrize("label, each", [("WeakSet: x in s", 4 * 12), ("WeakSet: len(s)", 4)])
def test_a_worker(label, each, unfrozen, monkeypatch, capsys):
    """A value is the time of one entry, or of one call; there is a pass before those that count."""
    passes = []

    def timed_function(case, way, entries):
        assert (case.label, entries) == (label, 12)
        return lambda loops: passes.append((way, loops)) or 96.0

    monkeypatch.setattr(worker, "timed_function", timed_function)
    worker.main(label, 12, ["strong", "ours"], 4, 2, 0)
    assert json.loads(capsys.readouterr().out) == [4, {"strong": [96 / each] * 2, "ours": [96 / each] * 2}]
    assert passes == [("strong", 4)] * 3 + [("ours", 4)] * 3


def test_the_three_take_turns(monkeypatch):
    seen = []

    def process(module, arguments, seed):
        task = json.loads(arguments[0])
        seen.append((seed, task["loops"], *task["ways"]))
        return [8, {way: [len(seen) * 1e-9] * task["values"] for way in task["ways"]}]

    monkeypatch.setattr(measure, "process", process)
    one, two, three = WAYS
    (row,) = measure.Timing("time", CASES[0], 1000, WAYS).measure(measure.Effort(3, 2, 0.001))
    assert seen == [(0, 0, one), (0, 8, one, two, three), (1, 8, two, three, one), (2, 8, three, one, two)]
    assert {way: row.median(way) for way in WAYS} == dict.fromkeys(WAYS, 3)
    for entries, rounds in (10**5, 3), (10**6, 1), (10**7, 1):
        seen.clear()
        measure.Timing("time", CASES[0], entries, WAYS).measure(measure.Effort(3, 2, 0.001))
        assert [loops for _, loops, *_ in seen] == [1] * rounds


def test_what_is_planned(monkeypatch):
    monkeypatch.setattr(measure, "GIL", False)
    tasks = measure.plan([10, 100], WAYS, bool)
    fixed = sum(case.entries is not None for case in CASES)
    assert len(tasks) == 2 * len(CASES) - fixed
    (task,) = measure.plan([10], WAYS, lambda label: label == "time, WeakSet: pop")
    assert (task.case.label, task.entries) == ("WeakSet: pop", 10)


class Task:
    """One that is measured, or not."""

    entries = 1000

    def __init__(self, label, outcome):
        self.label, self._outcome = label, outcome

    def measure(self, _effort):
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        return [self._outcome]


@pytest.mark.parametrize("after", [1, 0], ids=["failed", "interrupted"])
def test_what_was_measured_is_not_lost(after, monkeypatch, tmp_path, capsys):
    """A case that fails is told, and is no reason not to go on."""
    first, last = (row("WeakSet", name, 1000, 2, 8, 1) for name in ("x in s", "s |= other"))
    outcome = measure.Failed("it broke") if after else KeyboardInterrupt()
    tasks = [Task("first", first), Task("second", outcome), Task("last", last)]
    monkeypatch.setattr(command, "plan", lambda *_: tasks)
    path = str(tmp_path / "figures.json")
    assert command.main(["--json", path]) == 1
    assert [each.name for each in Results.load(path).rows] == ["x in s", "s |= other"][: 1 + after]
    out, err = capsys.readouterr()
    assert "x in s" in out and ("it broke" if after else "interrupted") in err


def test_nothing_was_measured(monkeypatch, capsys):
    monkeypatch.setattr(command, "plan", lambda *_: [Task("only", measure.Failed("it broke"))])
    assert command.main([]) == 1
    out, err = capsys.readouterr()
    assert not out and "it broke" in err


def test_a_process_that_fails_says_why():
    with pytest.raises(measure.Failed, match="no_such_module"):
        measure.process("no_such_module", [], 0)


# What is shown


def row(group, name, entries, *figures):
    # One round in which something else had the machine: it must not count.
    rounds = {way: [[figure, figure], [figure], [9 * figure * len(way)]] for way, figure in zip(WAYS, figures)}
    return Row.measured("time", group, name, entries, rounds)


def test_figures():
    """The ratio is the median of what the rounds say, and not that of the medians."""
    rounds = {"ours": [[2], [4], [60, 60, 60]], "strong": [[1], [1], [40]]}
    measured = Row.measured("time", "WeakSet", "pop", 1000, rounds)
    assert measured.figures == {"ours": Figure(60, 0, 1), "strong": Figure(1, 0, 2)}
    assert measured.ratio("ours", "strong") == 2 and measured.ratio("strong", "ours") == 0.5
    assert measured.ratio("ours", "standard") is measured.median("standard") is None
    alone = Row.measured("time", "WeakSet", "pop", 1000, {"strong": [[1, 2, 4]]})
    assert alone.figures == {"strong": Figure(2, 1, None)} and alone.ratio("strong", "strong") is None


def cells(text, first):
    """The line of a table that begins with a cell."""
    lines = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in text.splitlines() if line[:1] == "|"]
    return [line[1:] for line in lines if line[0] == first]


def test_tables():
    """A table for each size and group, whose columns are aligned."""
    rows = [
        row("WeakKeyDictionary", "d[k]", 1000, 30, 180, 25),
        row("WeakKeyDictionary", "d[k] = v, new", 1000, 3000, 4500, 1000),
        row("WeakSet", "s |= other", 10, 2, 8, 1),
    ]
    text = tables.times(rows)
    assert cells(text, "d[k]") == [["30.0", "180", "25.0", "0%", "6.00", "1.20"]]
    assert cells(text, "d[k] = v, new +") == [["3,000", "4,500", "1,000", "0%", "1.50", "3.00"]]
    assert cells(text, r"s \|= other") == [["2.0", "8.0", "1.0", "0%", "4.00", "2.00"]]
    assert [line for line in text.splitlines() if line[:1] == "#"] == [
        "## WeakSet, 10 entries",
        "## WeakKeyDictionary, 1,000 entries",
    ]
    widths = [{len(line) for line in block.splitlines()} for block in text.split("\n\n") if block[0] == "|"]
    assert all(len(lengths) == 1 for lengths in widths)


def test_every_column_is_explained():
    header = tables.times([row("WeakSet", "pop", 10, 1, 2, 1)]).splitlines()[2]
    columns = [cell.strip() for cell in header.strip("|").split("|")]
    assert len(columns) == 7 and all(f"*{column}*" in tables.NOTES for column in columns[1:])


def test_the_file_of_figures(tmp_path):
    rows = [row("WeakSet", "pop", 10, 1.23456789, 8), Row.measured("time", "Ref", "upgrade", 1, {"std": [[2]]})]
    results = Results("Python", environment("weakrefs 1.2.3", "CPython 3.14.0"), rows)
    results.dump(tmp_path / "figures.json")
    assert Results.load(tmp_path / "figures.json") == results
    assert results.title.startswith("weakrefs 1.2.3, CPython 3.14.0, ")
    assert len((tmp_path / "figures.json").read_text().splitlines()) == len(rows) + 2


# The command


def run(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "weakrefs", *arguments], cwd=cwd, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize(
    "arguments, why",
    [
        (["--bogus"], "unrecognized arguments: --bogus"),
        (["--sizes", "many"], "--sizes"),
        (["--sizes", "10,1"], "--sizes"),
        (["-k", "["], "is no regular expression"),
        (["--json", "missing/figures.json"], "no directory 'missing'"),
        (["--fast", "--rigorous"], "not allowed with"),
    ],
)
def test_arguments_that_are_refused(arguments, why, capsys):
    with pytest.raises(SystemExit) as exit:
        command.main(arguments)
    assert exit.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("usage: python -m weakrefs bench") and why in said


def test_a_filter_that_nothing_matches(capsys):
    assert command.main(["-k", "nothing like this"]) == 1
    assert "nothing matches" in capsys.readouterr().err


def test_only_the_first_word_is_the_command(tmp_path):
    script = tmp_path / "bench"
    script.write_text("import sys, weakref; print('a script', weakref.WeakSet.__base__.__module__, sys.argv[1:])\n")
    for arguments in [os.path.join(".", "bench"), "--help"], ["--children", "bench", "--help"]:
        assert run(*arguments, cwd=tmp_path).stdout == "a script weakrefs._weakrefs ['--help']\n"
    assert run("bench", "--help", cwd=tmp_path).stdout.startswith("usage: python -m weakrefs bench")


def test_a_whole_run(tmp_path):
    file = tmp_path / "figures.json"
    done = run("bench", "--fast", "--sizes", "10", "-k", "WeakSet: len", "--json", file)
    assert done.returncode == 0 and not done.stderr
    assert "## WeakSet, 10 entries" in done.stdout and len(cells(done.stdout, "len(s)")) == 1
    assert done.stdout.rstrip().endswith(tables.NOTES.rstrip())
    (measured,) = Results.load(file).rows
    assert set(measured.figures) == set(WAYS) and all(of.median > 0 for of in measured.figures.values())
