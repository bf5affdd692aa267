"""The benchmark, not timed: that its cases do the same three ways and leave nothing out, and what it shows."""

import io
import itertools
import os
import pathlib
import runpy
import subprocess
import sys
import types

import pytest
import weakrefs
from weakrefs._bench import command, goals, report, stage, timing
from weakrefs._bench.cases import CASES
from weakrefs._bench.progress import Progress
from weakrefs._bench.results import Results, Row
from weakrefs._bench.stage import WAYS, Stage

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


# Measuring


class Task:
    """One that is measured, or not."""

    def __init__(self, label, outcome):
        self.label, self._outcome = label, outcome

    def processes(self, _effort):
        return 1

    def measure(self, _effort, advance):
        advance()
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        return [self._outcome]


@pytest.mark.parametrize("after", [1, 0], ids=["failed", "interrupted"])
def test_what_was_measured_is_not_lost(after, monkeypatch, tmp_path, capsys):
    """A case that fails is told, and is no reason not to go on."""
    measure = pytest.importorskip("weakrefs._bench.measure", reason="needs pyperf", exc_type=ImportError)
    first, last = (row("time", "WeakSet", name, 1000, 2e-9, 8e-9, 1e-9) for name in ("x in s", "s |= other"))
    outcome = measure.Failed("it broke") if after else KeyboardInterrupt()
    tasks = [Task("first", first), Task("second", outcome), Task("last", last)]
    monkeypatch.setattr(measure, "plan", lambda *_: tasks)
    path = str(tmp_path / "figures.json")
    assert command.main(["--json", path]) == 1
    assert [each.name for each in Results.load(path).rows] == ["x in s", "s |= other"][: 1 + after]
    out, err = capsys.readouterr()
    assert "x in s" in out and ("it broke" if after else "interrupted") in err


def test_nothing_was_measured(monkeypatch, capsys):
    measure = pytest.importorskip("weakrefs._bench.measure", reason="needs pyperf", exc_type=ImportError)
    monkeypatch.setattr(measure, "plan", lambda *_: [Task("only", measure.Failed("it broke"))])
    assert command.main([]) == 1
    out, err = capsys.readouterr()
    assert not out and "it broke" in err


def test_the_three_take_turns(monkeypatch):
    measure = pytest.importorskip("weakrefs._bench.measure", reason="needs pyperf", exc_type=ImportError)
    seen = []

    def one_round(self, seed, ways, options):
        seen.append((seed, *ways))
        return [types.SimpleNamespace(get_metadata=lambda: {"calibrate_loops": 8}, values=(way,)) for way in ways]

    monkeypatch.setattr(measure.Timing, "_round", one_round)
    effort, ended = measure.Effort(3, 2, 0.001), []
    timing = measure.Timing("time", CASES[0], 1000)
    (row,) = timing.measure(effort, lambda: ended.append(1))
    one, two, three = WAYS
    assert seen == [(0, "ours"), (0, one, two, three), (1, two, three, one), (2, three, one, two)]
    assert len(ended) == timing.processes(effort)
    assert row.runs == {way: [(way,)] * 3 for way in WAYS}
    assert [measure.Timing("time", CASES[0], entries).processes(effort) for entries in (10**5, 10**6, 10**7)] == [
        3,
        1,
        1,
    ]


def test_what_is_planned(monkeypatch):
    measure = pytest.importorskip("weakrefs._bench.measure", reason="needs pyperf", exc_type=ImportError)
    labels = [task.label for task in measure.plan([10, 100], False, False, bool)]
    fixed = sum(case.entries is not None for case in CASES)
    assert len(labels) == 2 * len(CASES) - fixed
    assert [task.label for task in measure.plan([10], True, True, lambda label: label.startswith("memory"))] == [
        "memory, WeakKeyDictionary",
        "memory, WeakValueDictionary",
        "memory, WeakSet",
    ]
    little = type("", (), {"available": 2_000_000 * measure.BYTES_PER_ENTRY})
    monkeypatch.setattr(measure.psutil, "virtual_memory", lambda: little)
    grown = measure.plan([10], False, True, lambda label: label.startswith("growth"))
    assert max(task.entries for task in grown) == 1_000_000
    assert {task.ways for task in grown} == {("ours", "strong")}


@pytest.mark.parametrize("container", ["WeakKeyDictionary", "WeakValueDictionary", "WeakSet"])
def test_memory(container):
    memory = pytest.importorskip("weakrefs._bench.memory", reason="needs psutil", exc_type=ImportError)
    for way in WAYS:
        full, most, _ = memory.quantities(container, way, 20_000)
        assert 0 <= full <= most


# What is shown


def row(part, group, name, entries, ours, standard, strong, unit="second"):
    figures = {"ours": ours, "standard": standard, "strong": strong}
    # One round in which something else had the machine: it must not count.
    runs = {way: [[figure, figure], [figure], [9 * figure * len(way)]] for way, figure in figures.items()}
    return Row(part, group, name, entries, unit, runs)


@pytest.fixture
def results():
    """Made up, of every part."""
    environment = {"weakrefs": "1.2.3", "python": "3.14.0", "machine": "a machine", "date": "2026-01-01"}
    rows = [
        row("time", "WeakKeyDictionary", "d[k]", 1000, 30e-9, 180e-9, 25e-9),
        row("time", "WeakKeyDictionary", "d[k] = v, new", 1000, 3e-6, 4.5e-6, 1e-6),
        row("time", "WeakSet", "s |= other", 1000, 2e-9, 8e-9, 1e-9),
        row("growth", "WeakSet", "x in s", 1000, 10e-9, 0, 10e-9),
        row("growth", "WeakSet", "x in s", 10**7, 40e-9, 0, 20e-9),
        row("memory", "WeakSet", "full", 10**6, 100, 110, 40, "byte"),
        row("memory", "WeakSet", "left when all have died", 10**6, 5, 40, 1, "byte"),
    ]
    del rows[3].runs["standard"], rows[4].runs["standard"]
    return Results(environment, rows)


def cells(text, first):
    """The line of a table that begins with a cell."""
    lines = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in text.splitlines() if line[:1] == "|"]
    return [line[1:] for line in lines if line[0] == first]


def test_tables(results):
    text = report.markdown(results)
    assert text.startswith("# weakrefs 1.2.3, CPython 3.14.0, a machine, 2026-01-01\n")
    assert cells(text, "d[k]") == [["30.0", "180", "25.0", "", "1.20", "6.00"]]
    assert cells(text, "d[k] = v, new") == [["3,000", "4,500", "1,000", "+", "3.00", "1.50"]]
    assert cells(text, r"s \|= other") == [["2.0", "8.0", "1.0", "", "2.00", "4.00"]]
    assert cells(text, "WeakSet: x in s") == [["10.0 / 10.0", "40.0 / 20.0", "2.00"]]
    assert cells(text, "WeakSet: full") == [["100.0", "110.0", "40.0", "2.50", "0.91"]]
    widths = [{len(line) for line in block.splitlines()} for block in text.split("\n\n") if block[0] == "|"]
    assert all(len(lengths) == 1 for lengths in widths)


def test_goals(results):
    found = {verdict.goal: verdict for verdict in goals.verdicts(results)}
    reached = {
        (goal.at_most, goal.faster, type(goal).__name__): (verdict.reached, verdict.of, round(verdict.worst, 2))
        for goal, verdict in found.items()
    }
    assert reached == {
        (1.25, None, "Goal"): (1, 1, 1.2),
        (None, 5, "Goal"): (1, 1, 6),
        (1.3, None, "Goal"): (0, 1, 3),
        (None, 2, "Goal"): (0, 1, 1.5),
        (1, None, "MemoryGoal"): (1, 1, 0.91),
        (0.1, None, "ReturnGoal"): (1, 1, 0.05),
        (1.5, None, "GrowthGoal"): (0, 1, 2),
    }
    text = report.markdown(results)
    assert (
        text.rstrip().splitlines()[-1].startswith("| growth") and cells(text, found_text("insert"))[0][-1] == "0 of 1"
    )


def found_text(kind):
    return next(goal.text for goal in goals.GOALS if kind in goal.kinds)


def test_every_goal_has_cases():
    kinds = {case.goal for case in CASES if case.goal}
    assert kinds == {kind for goal in goals.GOALS for kind in goal.kinds if type(goal) is goals.Goal}


def test_the_file_of_figures(results, tmp_path):
    pyperf = pytest.importorskip("pyperf")
    file = str(tmp_path / "figures.json")
    results.dump(file)
    again = Results.load(file)
    assert report.markdown(again) == report.markdown(results)
    units = {benchmark.get_unit() for benchmark in pyperf.BenchmarkSuite.load(file)}
    assert units == {"second", "byte"}


@pytest.mark.parametrize("suffix, begins", [(".svg", b"<?xml"), (".png", b"\x89PNG")])
def test_charts(results, tmp_path, suffix, begins):
    pytest.importorskip("matplotlib")
    from weakrefs._bench import plot

    plot.draw(results, str(tmp_path / ("chart" + suffix)))
    for name in "chart", "chart-growth":
        drawn = (tmp_path / (name + suffix)).read_bytes()
        assert drawn.startswith(begins)
        if suffix == ".svg":
            shown = "CPython 3.14.0", "WeakSet" if name == "chart-growth" else "WeakKeyDictionary"
            assert all(text.encode() in drawn for text in shown)


def test_charts_show_what_there_is():
    plot = pytest.importorskip("weakrefs._bench.plot", reason="needs matplotlib", exc_type=ImportError)
    labels = {case.label for case in CASES}
    assert {f"{group}: {name}" for group, names in plot.CHARTED.items() for name in names} <= labels


def test_charts_of_the_rust_crate(tmp_path):
    """Each row has its own unit, and what has no entries is not in the chart of growth."""
    pytest.importorskip("matplotlib")
    files = [parent / "bench/rust/charts.py" for parent in pathlib.Path(__file__).parents]
    found = [file for file in files if file.is_file()]
    if not found:
        pytest.skip("only in a clone")
    charts = types.SimpleNamespace(**runpy.run_path(str(found[0])))
    runs = {"weakrefs": [[50e-9]], "Mutex<weak-table>": [[25e-9]], "DashMap<K, Weak>": [[75e-9]]}
    sizes = [Row("time", "WeakValueMap", "get", size, runs=runs) for size in (1000, 10**6)]
    upgrade = Row("time", "Ref", "upgrade", 1, runs={"weakrefs": [[8e-9]], "std": [[2e-9]]})
    environment = {"weakrefs": "1.2.3", "rust": "1.99.0", "machine": "a machine", "date": "2026-01-01"}
    figures = charts.Figures(environment, [*sizes, upgrade])
    assert charts.RUST.costs(sizes[0]) == {"weakrefs": 2, "DashMap<K, Weak>": 3}
    assert charts.RUST.costs(upgrade) == {"weakrefs": 4}
    assert figures.times() == {1000: [sizes[0], upgrade]} and figures.of("growth") == sizes
    charts.plot.draw(figures, str(tmp_path / "chart.svg"), charts.RUST)
    assert b"Rust 1.99.0" in (tmp_path / "chart.svg").read_bytes()
    grown = (tmp_path / "chart-growth.svg").read_bytes()
    assert b"WeakValueMap: get" in grown and b"upgrade" not in grown


def test_progress():
    quiet = io.StringIO()
    progress = Progress(40, quiet)
    progress.show("a case")
    for _ in range(40):
        progress.advance()
    progress.end()
    lines = quiet.getvalue().splitlines()
    assert len(lines) == 10 and lines[0].startswith(" 10%") and lines[-1].startswith("100%")

    terminal = io.StringIO()
    terminal.isatty = lambda: True
    progress = Progress(2, terminal)
    progress.show("a case")
    progress.advance()
    progress.end()
    assert " 50%" in terminal.getvalue() and "a case" in terminal.getvalue() and "\n" not in terminal.getvalue()


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
        (["--plot", "chart.jpg"], "neither"),
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


@pytest.mark.parametrize("missing, arguments", [("pyperf", []), ("psutil", []), ("matplotlib", ["--plot", "x.svg"])])
def test_without_what_it_needs(missing, arguments, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, missing, None)
    assert command.main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == "" and missing in said.err and "pip install 'weakrefs[bench]'" in said.err


def test_a_filter_that_nothing_matches(capsys):
    pytest.importorskip("pyperf")
    assert command.main(["-k", "nothing like this"]) == 1
    assert "nothing matches" in capsys.readouterr().err


def test_only_the_first_word_is_the_command(tmp_path):
    script = tmp_path / "bench"
    script.write_text("import sys, weakref; print('a script', weakref.WeakSet.__base__.__module__, sys.argv[1:])\n")
    for arguments in [os.path.join(".", "bench"), "--help"], ["--children", "bench", "--help"]:
        assert run(*arguments, cwd=tmp_path).stdout == "a script weakrefs._weakrefs ['--help']\n"
    assert run("bench", "--help", cwd=tmp_path).stdout.startswith("usage: python -m weakrefs bench")


def test_a_whole_run(tmp_path):
    pytest.importorskip("pyperf")
    file = tmp_path / "figures.json"
    done = run(
        "bench", "--fast", "--sizes", "10", "-k", "WeakSet: len", "--json", file, "--markdown", tmp_path / "t.md"
    )
    assert done.returncode == 0 and "100%" in done.stderr
    assert done.stdout.rstrip() == (tmp_path / "t.md").read_text("utf-8").rstrip()
    assert "## WeakSet, 10 entries" in done.stdout and len(cells(done.stdout, "len(s)")) == 1
    again = run("bench", "--load", file)
    assert again.stdout == done.stdout
