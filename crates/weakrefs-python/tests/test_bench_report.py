"""What `bench/` of a clone makes of figures, and how it measures growth, memory and the Rust crate; nothing is timed."""

import importlib
import json
import pathlib
import shutil
import sys
import types
from xml.etree import ElementTree

import pytest

ROOT = next((each for each in pathlib.Path(__file__).parents if (each / "bench/__main__.py").is_file()), None)
if ROOT is None:
    pytest.skip("only in a clone", allow_module_level=True)
sys.path.insert(0, str(ROOT))
command = importlib.import_module("bench.__main__")  # first: it finds `_bench`

from _bench.cases import CASES, WAYS
from _bench.results import Results, Row

from bench.instructions import count, records
from bench.report import charts, goals, languages, record, tables
from bench.report.svg import COLORS, width
from bench.rust import measure as rust


def row(part, group, name, entries, **figures):
    return Row.measured(part, group, name, entries, {way: [[figure]] for way, figure in figures.items()})


@pytest.fixture
def python():
    """Made up, of every part."""
    rows = [
        row("time", "WeakKeyDictionary", "d[k]", 1000, ours=30, standard=180, strong=25),
        row("time", "WeakKeyDictionary", "d[k] = v, new", 1000, ours=3000, standard=4500, strong=1000),
        row("time", "WeakSet", "s |= other", 1000, ours=2, standard=8, strong=1),
        row("growth", "WeakSet", "x in s", 10**7, ours=40, strong=20),
        row("growth", "WeakSet", "x in s", 1000, ours=10, strong=10),
        row("memory", "WeakSet", "full", 10**6, ours=100, standard=110, strong=40),
        row("memory", "WeakSet", "left when all have died", 10**6, ours=5, standard=40, strong=1),
    ]
    return Results("Python", {"software": "weakrefs 1.2.3, CPython 3.14.0", "machine": "a machine"}, rows)


RUST_WAYS = {"ours": 50, "weak-table": 40, "Mutex<weak-table>": 25, "DashMap<K, Weak>": 75}


@pytest.fixture
def crate():
    rows = [row("time", "WeakValueMap", "get(&str), hit", size, **RUST_WAYS) for size in (1000, 10**6)]
    rows.append(row("time", "Ref", "upgrade", 1, ours=8, std=2))
    return Results("Rust", {"software": "weakrefs 1.2.3, Rust 1.99.0"}, rows)


def cells(text, first):
    """The lines of tables that begin with a cell."""
    lines = [[cell.strip() for cell in line[1:-1].split(" | ")] for line in text.splitlines() if line[:1] == "|"]
    return [line[1:] for line in lines if line[0] == first]


# Tables and goals


def test_tables_of_python(python):
    text = tables.markdown(python)
    assert text.startswith("# weakrefs 1.2.3, CPython 3.14.0, a machine\n")
    assert cells(text, "d[k]") == [["30.0", "180", "25.0", "0%", "6.00", "1.20"]]
    assert cells(text, "WeakSet: x in s") == [["10.0 / 10.0", "40.0 / 20.0", "2.00"]]
    assert cells(text, "WeakSet: full") == [["100.0", "110.0", "40.0", "2.50", "0.91"]]
    assert text.rstrip().splitlines()[-1].startswith("| growth")


def test_tables_of_rust(crate):
    """Of what was not measured in a group there is no column, and what has no entries does not grow."""
    text = tables.markdown(crate)
    assert cells(text, "get(&str), hit") == [["50.0", "40.0", "25.0", "75.0", "0%", "1.25", "2.00", "0.67"]] * 2
    assert cells(text, "upgrade") == [["8.0", "2.0", "0%", "4.00"]] and "## Ref\n" in text
    assert cells(text, "WeakValueMap: get(&str), hit") == [["50.0 / 25.0", "50.0 / 25.0", "1.00"]]
    assert "## Memory" not in text and "## Goals" not in text


def test_what_was_not_measured_is_left_out():
    results = Results("Rust", {}, [row("time", "WeakSet", "iterate", 1000, **{"weak-table": 2})])
    text = tables.markdown(results)
    assert cells(text, "iterate") == [["2.0", "", ""]] and "## Growth" not in text


def test_goals(python):
    found = {
        (goal.bound, goal.at_most): (verdict.reached, verdict.of, round(verdict.worst[0], 2))
        for goal, verdict in goals.verdicts(python)
    }
    assert found == {
        (1.25, True): (1, 1, 1.2),
        (5, False): (1, 1, 6),
        (1.3, True): (0, 1, 3),
        (2, False): (0, 1, 1.5),
        (1, True): (1, 1, 0.91),
        (0.1, True): (1, 1, 0.05),
        (1.5, True): (0, 1, 2),
    }


def test_a_goal_has_cases_of_each_container_and_no_misses():
    rows = [row("time", case.group, case.name, 1000, ours=1, standard=1, strong=1) for case in CASES]
    results = Results("Python", {}, rows)
    timed = [labels for goal in goals.GOALS if (labels := {of.label for _, of in goal.ratios(results)})]
    assert [len(labels) for labels in timed] == [25, 12, 13, 17, 6, 11, 12, 9, 3, 21, 3, 2, 1]
    assert not any("miss" in label for labels in timed for label in labels)


# Charts


def texts(file):
    picture = ElementTree.parse(file).getroot()
    assert picture.tag.endswith("svg")
    return [each.text for each in picture.iter("{http://www.w3.org/2000/svg}text")]


def test_charts(python, crate, tmp_path):
    for results, drawn, grown, title in [
        (python, "d[k] = v, new +", "WeakSet: x in s", "weakrefs 1.2.3, CPython 3.14.0, a machine"),
        (crate, "upgrade", "WeakValueMap: get(&str), hit", "weakrefs 1.2.3, Rust 1.99.0"),
    ]:
        charts.draw(results, str(tmp_path / "chart.svg"))
        chart, growth = texts(tmp_path / "chart.svg"), texts(tmp_path / "chart-growth.svg")
        assert drawn in chart and grown in growth and any(text.startswith(title) for text in chart)
        # Only what people ask first, and each only where it belongs.
        assert "s |= other" not in chart and "Ref: upgrade" not in growth


def test_how_many_times_faster(python, tmp_path):
    """Than the interpreter's own, if it was measured."""
    charts.draw(python, str(tmp_path / "chart.svg"))
    assert {f"6.0{charts.TIMES}", f"1.5{charts.TIMES}"} <= set(texts(tmp_path / "chart.svg"))


def places(file, color):
    """How far to the right the dots of a colour are, without that of the legend."""
    dots = ElementTree.parse(file).getroot().iter("{http://www.w3.org/2000/svg}circle")
    return [float(dot.get("cx")) for dot in dots if dot.get("class") == color][1:]


def test_which_way_is_better(python, crate, tmp_path):
    """Said above and below; and it is true: costs 30, 180 and 25 for d[k]."""
    chart = tmp_path / "chart.svg"
    charts.draw(python, str(chart))
    assert texts(chart).count("better") == 2 and texts(chart).count(languages.PYTHON.axis) == 2
    assert places(chart, "green")[0] < places(chart, "red")[0]
    assert texts(chart).index("better") < texts(chart).index(languages.PYTHON.axis)
    charts.draw(crate, str(chart))
    assert texts(chart).count(languages.RUST.axis) == 2 and f"4.0{charts.TIMES}" in texts(chart)
    charts.draw_overview(python, str(chart))
    assert texts(chart).count("better") == 2 and texts(chart).count(f"{charts.TIMES} faster than weakref") == 2
    assert texts(chart).index("better") > texts(chart).index(f"{charts.TIMES} faster than weakref")
    assert places(chart, "green")[0] < places(chart, "grey")[0] and f"6.0{charts.TIMES}" in texts(chart)
    growth = texts(tmp_path / "chart-growth.svg")
    assert any("lower is better" in text for text in growth)


def test_what_also_makes_references_is_marked(python, tmp_path):
    for draw in charts.draw, charts.draw_overview:
        draw(python, str(tmp_path / "chart.svg"))
        drawn = texts(tmp_path / "chart.svg")
        assert {"d[k]", "d[k] = v, new +"} <= set(drawn) and drawn[-1].startswith("+ here")
        draw(Results("Python", {}, python.rows[:1]), str(tmp_path / "chart.svg"))
        assert not texts(tmp_path / "chart.svg")[-1].startswith("+")


def test_one_value_does_not_stretch_the_scale(tmp_path):
    """What is far beyond the others ends the scale, and its number says how far it is."""
    file = tmp_path / "chart.svg"
    rows = [
        row("time", "WeakSet", "first element", 1000, ours=1.2, standard=7965, strong=1),
        row("time", "WeakSet", "pop", 1000, ours=2, standard=29, strong=1),
    ]
    charts.draw(Results("Python", {}, rows), str(file))
    assert f"7,965{charts.TIMES}" in texts(file) and f"50{charts.TIMES}" not in texts(file)
    assert len(places(file, "red")) == 1 and len(places(file, "green")) == 2


def test_less_than_one_is_said_precisely(tmp_path):
    """A time that is a little less than another's does not read as the same, nor as a tenth of one."""
    rows = [
        row("time", "two threads", name, 1000, **{"ours": ours, "Mutex<weak-table>": 100})
        for name, ours in [("a", 97), ("b", 26), ("c", 104), ("d", 1490)]
    ]
    charts.draw(Results("Rust", {}, rows), str(tmp_path / "chart.svg"))
    drawn = texts(tmp_path / "chart.svg")
    assert {f"{number}{charts.TIMES}" for number in ("0.97", "0.26", "1.0", "14.9")} <= set(drawn)


def test_words_are_legible_and_within_the_picture(python, crate, tmp_path):
    """In a wide font as well: of what is made up here, of every case, and of all that is on record."""
    rows = [row("time", case.group, case.name, 1000, ours=10, standard=40, strong=8) for case in CASES]
    every = Results("Python", {}, rows)
    on_record = map(Results.load, (ROOT / "docs/benchmarks").glob("*.json"))
    for number, results in enumerate([python, crate, every, *on_record]):
        charts.draw(results, str(tmp_path / f"{number}.svg"))
        if results.language == "Python":
            charts.draw_overview(results, str(tmp_path / f"{number}-overview.svg"))
    for file in tmp_path.iterdir():
        picture = ElementTree.parse(file).getroot()
        right, bottom = float(picture.get("width")), float(picture.get("height"))
        for text in picture.iter("{http://www.w3.org/2000/svg}text"):
            x, y, size = (float(text.get(name)) for name in ("x", "y", "font-size"))
            wide = width(text.text, size)
            left = x - wide * ("start", "middle", "end").index(text.get("text-anchor")) / 2
            assert 0 <= left and left + wide <= right and size <= y < bottom - 3 and size >= 11, (file, text.text)


def test_lines_of_growth():
    """Round numbers around all costs, few enough to tell them apart, on a scale where equal ratios are equally far."""
    assert charts._lines(40, 1100) == [20, 50, 100, 200, 500, 1000, 2000]
    assert charts._lines(100, 100) == [100, 200]
    assert charts._lines(99, 1000) == [50, 100, 200, 500, 1000, 2000]
    for least, most in (0.3, 80_000), (7, 6500), (10, 10), (5, 9.99):
        lines = charts._lines(least, most)
        assert lines[0] <= least and lines[-1] > most and 2 <= len(lines)
    assert len(charts._lines(7, 6500)) <= charts.LINES


def test_growth_is_drawn_by_ratios(tmp_path):
    rows = [
        row("time", "WeakSet", "iterate", size, **{"ours": cost, "Mutex<weak-table>": 2 * cost})
        for size, cost in [(1000, 10), (100_000, 40), (10**7, 160)]
    ]
    charts.draw(Results("Rust", {}, rows), str(tmp_path / "chart.svg"))
    dots = list(ElementTree.parse(tmp_path / "chart-growth.svg").getroot().iter("{http://www.w3.org/2000/svg}circle"))
    ours, peer = (
        [float(dot.get("cy")) for dot in dots if dot.get("class") == color][1:] for color in ("green", "grey")
    )
    assert ours == sorted(ours, reverse=True)
    assert [one - other for one, other in zip(ours, peer)] == pytest.approx([ours[0] - peer[0]] * 3, abs=0.2)


def test_charts_have_a_light_and_a_dark_scheme(python, tmp_path):
    """A rule inside follows the page that shows the chart; each colour that is used has a shade in both."""
    charts.draw(python, str(tmp_path / "chart.svg"))
    picture = ElementTree.parse(tmp_path / "chart.svg").getroot()
    style = next(picture.iter("{http://www.w3.org/2000/svg}style")).text
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    used = {part.get("class") for part in picture if part.get("class")}
    assert used == set(COLORS) - {"blue"} and not any(part.get("fill") for part in picture)
    for name in used:
        assert f".{name}{{" in light and f".{name}{{" in dark
    assert all(one != other for one, other in COLORS.values())


def test_growth_shows_the_standard_module(python, tmp_path):
    """It needs no measurement of its own where several sizes were measured, and then there are the first nine to ask for."""
    sizes = 10, 1000
    rows = [row("time", case.group, case.name, size, ours=1, standard=3, strong=1) for case in CASES for size in sizes]
    results = Results("Python", {}, rows)
    charts.draw(results, str(tmp_path / "chart.svg"))
    grown = tmp_path / "chart-growth.svg"
    assert len(languages.PYTHON.grown) == len(languages.RUST.grown) == 9
    assert set(languages.PYTHON.grown) <= set(texts(grown)) and "WeakSet: pop" not in texts(grown)
    assert len(places(grown, "red")) == len(places(grown, "green")) == 9 * len(sizes)
    text = tables.markdown(results)
    assert cells(text, "WeakSet: x in s") == [["1.0 / 3.0 / 1.0", "1.0 / 3.0 / 1.0", "1.00"]]
    assert not any("growth" in goal.text for goal, _ in goals.verdicts(results))


def test_a_chart_of_what_nobody_asks_first(tmp_path):
    rows = [row("time", "WeakSet", "s |= other", 10, ours=2, standard=8, strong=1)]
    charts.draw(Results("Python", {}, rows), str(tmp_path / "chart.svg"))
    assert "s |= other" in texts(tmp_path / "chart.svg")
    assert not (tmp_path / "chart-growth.svg").exists()


def test_costs_are_in_units_of_each_row(crate):
    hit, _, upgrade = crate.rows
    assert languages.RUST.costs(hit) == pytest.approx({"ours": 2, "weak-table": 1.6, "DashMap<K, Weak>": 3}, rel=1e-4)
    assert languages.RUST.costs(upgrade) == {"ours": 4}


def test_charts_show_what_there_is():
    assert set(languages.PYTHON.charted) <= {case.label for case in CASES}
    kept = {row.label for row in Results.load(ROOT / "docs/benchmarks/rust.json").rows}
    assert set(languages.RUST.charted) | set(languages.RUST.grown) <= kept
    assert set(languages.PYTHON.grown) <= {case.label for case in CASES}


# The command


def test_a_file_of_figures_is_shown_again(python, tmp_path, capsys):
    kept, text = str(tmp_path / "kept.json"), tmp_path / "shown.md"
    python.dump(kept)
    assert command.main(["--load", kept, "--markdown", str(text), "--plot", str(tmp_path / "chart.svg")]) == 0
    assert capsys.readouterr().out.rstrip() == text.read_text("utf-8").rstrip() == tables.markdown(python).rstrip()
    assert texts(tmp_path / "chart.svg")


def test_results_on_record(tmp_path):
    """Tables and charts on record, and what the README has of them, are those of the figures on record."""
    kept = ROOT / "docs/benchmarks"
    (tmp_path / "docs/benchmarks").mkdir(parents=True)
    for file in kept.glob("*.json"):
        shutil.copy(file, tmp_path / "docs/benchmarks")
    readme = (ROOT / "README.md").read_text("utf-8")
    (tmp_path / "README.md").write_text(record.IN_README.sub("outdated", readme), "utf-8")
    record.redraw(tmp_path)
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert {path.relative_to(ROOT) for path in kept.iterdir()} - made == {kept.relative_to(ROOT) / "README.md"}
    for path in made:
        assert (ROOT / path).read_text("utf-8") == (tmp_path / path).read_text("utf-8"), path


def test_results_on_record_are_small():
    assert sum(file.stat().st_size for file in (ROOT / "docs/benchmarks").iterdir()) < 1_000_000


@pytest.mark.parametrize(
    "arguments, why", [(["--plot", "chart.png"], ".svg"), (["--markdown", "no/t.md"], "directory")]
)
def test_arguments_that_are_refused(arguments, why, capsys):
    with pytest.raises(SystemExit):
        command.main(arguments)
    assert why in capsys.readouterr().err


# Measuring


def test_growth_and_memory(monkeypatch):
    """As many entries as there is memory for."""
    psutil = pytest.importorskip("psutil")
    from bench.python import measure

    available = types.SimpleNamespace(available=2_000_000 * measure.BYTES_PER_ENTRY)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: available)

    def labels(growth, memory, wanted=bool):
        options = types.SimpleNamespace(
            sizes=[10], growth=growth, memory=memory, filter=types.SimpleNamespace(search=wanted)
        )
        return [(task.label, task.entries) for task in measure.tasks(options)]

    monkeypatch.setattr("_bench.measure.GIL", False)
    times = len(labels(False, False))
    assert times == len(CASES) and len(labels(True, True)) == times + 4 * 9 + 3
    assert labels(True, True, lambda label: label == "growth, WeakSet: x in s") == [
        ("growth, WeakSet: x in s", size) for size in (1000, 10_000, 100_000, 1_000_000)
    ]
    assert labels(True, False, lambda label: label.startswith("memory")) == []


@pytest.mark.parametrize("container", ["WeakKeyDictionary", "WeakValueDictionary", "WeakSet"])
def test_memory(container):
    pytest.importorskip("psutil")
    from bench.python import memory

    for way in WAYS:
        full, most, _ = memory.quantities(container, way, 20_000)
        assert 0 <= full <= most


def test_what_criterion_leaves(tmp_path):
    """A pass counts for each entry, and what has no entries has one."""
    for place, benchmark, sample in [
        ("hit-ours", ("WeakValueMap: get(&str), hit", "ours", "1000", None), ([10, 20], [300, 500])),
        ("hit-dash", ("WeakValueMap: get(&str), hit", "DashMap<K, Weak>", "1000", None), ([10], [110])),
        ("pass", ("WeakSet: iterate", "ours", "1000", {"Elements": 1000}), ([2], [6000])),
        ("upgrade", ("Ref: upgrade", "std", None, None), ([2], [6000])),
    ]:
        new = tmp_path / place / "new"
        new.mkdir(parents=True)
        keys = "group_id", "function_id", "value_str", "throughput"
        (new / "sample.json").write_text(json.dumps(dict(zip(("iters", "times"), sample))))
        (new / "benchmark.json").write_text(json.dumps(dict(zip(keys, benchmark))))
    found = {
        (row.label, row.entries): {way: of.median for way, of in row.figures.items()} for row in rust.read(tmp_path)
    }
    assert found == {
        ("WeakValueMap: get(&str), hit", 1000): {"ours": 27.5, "DashMap<K, Weak>": 11},
        ("WeakSet: iterate", 1000): {"ours": 3},
        ("Ref: upgrade", 1): {"std": 3000},
    }


# Instructions

WRITTEN = """\
part: 1
desc: Trigger: --dump-before=getppid
summary: 900
fn=(1) f
0 900
totals: 900
part: 2
totals: 3000
part: 3
totals: 70
part: 4
totals: 500
part: 5
totals: 80
"""


def test_every_second_total_is_of_an_operation():
    said = "CPython 3.11\n1000\tset in\n10\td[k], same\n"
    assert count.read(said, WRITTEN) == ("CPython 3.11", {"set in": 3, "d[k], same": 50})


def test_marks_that_callgrind_has_missed_are_noticed():
    with pytest.raises(ValueError, match="5 totals for 1 operations"):
        count.read("CPython 3.11\n1000\tset in\n", WRITTEN)


@pytest.mark.parametrize(
    "now, before, outcome, note",
    [
        ((314, 200), (300, 200), (1, 0, 0), ""),
        ((316, 200), (300, 200), (0, 1, 0), "get: 1.50 -> 1.58"),
        ((200, 200), (300, 200), (1, 0, 0), "1 better: --update records them"),
        ((600, 400), (300, 200), (1, 0, 0), ""),
        ((300, 150), (300, 200), (0, 1, 0), "get: 1.50 -> 2.00"),
        ((200, 200), None, (0, 0, 1), "1 without record for Rust: --update records them"),
        (None, (300, 200), (0, 1, 0), "get: on record, but not counted"),
    ],
)
def test_only_a_ratio_that_is_much_worse_fails(now, before, outcome, note, capsys):
    compared = records.compare("Rust", {"get": now} if now else {}, {"get": before} if before else {})
    assert (compared["passed"], compared["failed"], compared["skipped"]) == outcome and compared["note"] == note
    assert ("get: " in capsys.readouterr().out) == bool(outcome[1])


def test_what_is_worse_is_counted(capsys):
    now = {"get": (400, 200), "in": (500, 200)}
    compared = records.compare("Rust", now, dict.fromkeys(now, (300, 200)))
    assert compared == {"passed": 0, "failed": 2, "skipped": 0, "note": "get: 1.50 -> 2.00; and 1 more"}


def test_what_is_recorded_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "FILE", tmp_path / "records.json")
    kept = {"Rust": {'map d[k], "same"': [300.0, 200.0]}, "CPython 3.11, x86_64": {"set in": [5.0, 4.0]}}
    records.write(kept)
    assert records.read() == kept
