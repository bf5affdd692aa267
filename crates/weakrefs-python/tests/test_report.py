"""`python -m weakrefs --report`: what it says at the end of the process and of the interpreters that it started."""

import os
import subprocess
import sys

import pytest
from programs import OURS

POSIX = pytest.mark.skipif(os.name == "nt", reason="POSIX only")


def reports(errors):
    """The lines of each report on stderr, without the first and the process's number."""
    parts = errors.split("weakrefs: report of process ")[1:]
    return [[line.strip() for line in part.splitlines()[1:]] for part in parts]


def unserved(errors):
    (report,) = reports(errors)
    heading = next(place for place, line in enumerate(report) if line.startswith("child interpreters not served:"))
    assert report[heading].endswith("none seen") is (heading == len(report) - 1)
    return report[heading + 1 :]


@pytest.fixture
def started(run, script):
    """What the report says of a program that starts something by the code given."""

    def started(code, *options, **how):
        name = script(f"import os, subprocess, sys\n{code}\n")
        ended = run("-m", "weakrefs", "--report", *options, name, **how)
        assert ended.status == 0 and OURS in ended.witness, ended.errors
        return ended

    return started


def test_it_says_what_status_says_then(run, script):
    """S46: on stderr, after all that the program does at exit; its output and status are its own."""
    name = script("""
        import atexit, sys, types
        from weakrefs._holders import _standard
        sys.modules["holder"] = types.ModuleType("holder")
        sys.modules["holder"].Old = vars(weakref)["_standard_WeakSet"]
        atexit.register(lambda: setattr(sys.modules["holder"], "Later", vars(weakref)["_standard_WeakSet"]))
        print("output", sys.argv, dict(os.environ).keys() & {"WEAKREFS_REPORT", "WEAKREFS_CHILDREN"})
        sys.exit(3)
    """)
    ended = run("-m", "weakrefs", "--report", name, "--report")
    assert (ended.status, ended.output) == (3, f"output ['{name}', '--report'] set()\n")
    ((first, second, *_),) = reports(ended.errors)
    assert first == "weakrefs is installed"
    assert second.startswith("names of standard classes in modules: ") and "holder.Later, holder.Old" in second
    assert f" {name} --report\n" in ended.errors.splitlines(keepends=True)[0]


def test_no_report_without_the_option(run, script):
    """S46: and no audit hook."""
    name = script("import subprocess, sys; print('weakrefs._children' in sys.modules)")
    ended = run("-m", "weakrefs", name)
    assert (ended.output, ended.errors) == ("False\n", "")


@pytest.mark.parametrize("stderr", ["None", "open(os.devnull)", "object()", "Refusing()"])
def test_a_stream_that_cannot_take_it_is_no_error(run, script, stderr):
    """S46"""
    name = script(f"""
        import sys

        class Refusing:
            \"\"\"Takes all but what comes first.\"\"\"
            flush = sys.stderr.flush

            def write(self, text):
                self.write = sys.__stderr__.write
                raise OSError

        sys.stderr = {stderr}
        print('well')
    """)
    assert run("-m", "weakrefs", "--report", name).seen == run(name).seen


CHILD = "[sys.executable, '-c', 'print(5)']"


@pytest.mark.parametrize(
    "start",
    [
        f"subprocess.run({CHILD})",
        f"subprocess.run({CHILD}, executable=sys.executable, env=dict(os.environ), close_fds=False)",
        f"subprocess.run(list(map(os.fsencode, {CHILD})), env={{os.fsencode(k): v for k, v in os.environ.items()}})",
        pytest.param(f"os.waitpid(os.posix_spawn(sys.executable, {CHILD}, os.environ), 0)", marks=POSIX),
        f"for _ in range(3): subprocess.Popen({CHILD}).wait()",
        f"import asyncio\nasync def main(): await (await asyncio.create_subprocess_exec(*{CHILD})).wait()\nasyncio.run(main())",
    ],
)
def test_a_child_without_ours_is_told_once(started, start):
    """S46: however it was started, and however often."""
    assert unserved(started(start).errors) == [f"{sys.executable} -c 'print(5)'"]
    ended = started(start, "--children")
    told = reports(ended.errors)
    assert len(told) == (4 if "range(3)" in start else 2)  # a process with weakrefs reports itself
    assert {report[-1] for report in told} == {"child interpreters not served: none seen"}


@pytest.mark.parametrize(
    "command, told",
    [
        ("[sys.executable, '-I', '-c', '1']", True),
        ("[sys.executable, '-BE', '-c', '1']", True),
        ("[sys.executable, '-X', 'dev', '-W', 'ignore', '-S', '-c', '1']", True),
        ("[sys.executable, '-c', '1', '-I']", False),
        ("[sys.executable, '-W', 'ignore', '-XS', '--check-hash-based-pycs', 'never', '-c', '1', '-E']", False),
    ],
)
def test_options_that_leave_ours_out_are_told(started, command, told):
    """S46: those of the interpreter, wherever they stand, and not what follows them."""
    errors = started(f"subprocess.run({command})", "--children").errors
    assert ("not served:\n" in errors) is told
    assert len(reports(errors)) == (1 if told else 2)  # a process with weakrefs reports itself


def test_an_environment_without_it_is_told(started):
    """S46: with `--children`, too."""
    bare = "{name: value for name, value in os.environ.items() if name[:6] not in ('PYTHON', 'WEAKRE')}"
    ended = started(f"subprocess.run({CHILD}, env={bare})", "--children")
    assert unserved(ended.errors) == [f"{sys.executable} -c 'print(5)'"]


@POSIX
def test_scripts_are_looked_into(started, tmp_path):
    """S46: the kernel starts what their first line names; other programs, and `weakrefs` itself, are not told."""
    for name, line in {
        "tool": f"#!{sys.executable} -B",
        "found": "#!/usr/bin/env python3",
        "shell": "#!/bin/sh",
        "weakrefs": f"#!{sys.executable}",
    }.items():
        (tmp_path / name).write_text(line + "\n")
        (tmp_path / name).chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.path.dirname(sys.executable), os.environ["PATH"]])
    ended = started(
        "for name in './tool', 'found', './shell', './weakrefs': subprocess.run([name, 'word'])\n"
        "subprocess.run(['true']), subprocess.run([sys.executable, '-m', 'weakrefs', '--version'])\n"
        "try: subprocess.run(['missing'])\nexcept FileNotFoundError: pass",
        env={"PATH": path},
    )
    assert unserved(ended.errors) == [f"{sys.executable} -B ./tool word", "python3 found word"]


@POSIX
def test_exec_is_told_at_once(started):
    """S46: the process has no other end; a forked one reports itself alone."""
    ended = started(f"print('before', flush=True)\nos.execv(sys.executable, {CHILD})")
    assert ended.output == "before\n5\n"
    assert "becomes one that is not served" in ended.errors and unserved(ended.errors) == [
        f"{sys.executable} -c 'print(5)'"
    ]
    ended = started(f"if os.fork() == 0: os.execv(sys.executable, {CHILD})\nos.wait()")
    assert "becomes one that is not served" in ended.errors and unserved(ended.errors) == []
    ended = started(
        "os.environ['PATH'] = '/missing' + os.pathsep + '/nowhere'\n"
        "try: os.execvp('python3', ['python3'])\nexcept FileNotFoundError: print('went on')"
    )
    assert ended.output == "went on\n" and "becomes" not in ended.errors


@pytest.mark.parametrize(
    "method", ["spawn", pytest.param("forkserver", marks=POSIX), pytest.param("fork", marks=POSIX)]
)
def test_multiprocessing_is_told_by_its_method(started, method):
    """S46: its interpreters raise no audit event; a fork is served."""
    code = (
        "import multiprocessing\n"
        "if __name__ == '__main__':\n"
        f"    process = multiprocessing.get_context({method!r}).Process(target=print)\n"
        "    process.start(), process.join()"
    )
    assert unserved(started(code).errors) == ([] if method == "fork" else [f"multiprocessing ({method})"])
    for report in reports(started(code, "--children").errors):
        assert report[-1] == "child interpreters not served: none seen"


def test_commands_without_end_are_cut_short(started):
    """S34, S46"""
    code = "for number in range(200): sys.audit('subprocess.Popen', 'python', ['python', str(number)], None, None)"
    lines = unserved(started(code).errors)
    assert lines == [*(f"python {number}" for number in range(50)), "and others"]


def test_what_the_hook_makes_no_sense_of_is_no_error(started):
    """S46: the event would be refused, and with it what the program does."""
    code = (
        "class Strange:\n    def __fspath__(self): raise RuntimeError\n"
        "for details in (), (1,), (None, None, None, None), (Strange(), [Strange()], 5, Strange()), (5, 5, 5, 5):\n"
        "    for event in 'subprocess.Popen', 'os.exec', 'os.posix_spawn', 'os.spawn':\n"
        "        sys.audit(event, *details)"
    )
    assert unserved(started(code).errors) == []


def test_a_child_where_the_package_fails_says_so(run, script, tmp_path):
    """S46: only where a report is asked for."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "weakrefs.py").write_text("raise ImportError('wrong version')\n")
    name = script(f"""
        import subprocess, sys
        startup = os.environ["PYTHONPATH"].split(os.pathsep)[0]
        os.environ["PYTHONPATH"] = os.pathsep.join([startup, {str(tmp_path / "library")!r}])
        sys.exit(subprocess.run([sys.executable, "-c", "print('well')"]).returncode)
    """)
    ended = run("-m", "weakrefs", "--children", "--report", name)
    assert (ended.status, ended.output) == (0, "well\n")
    assert "is not served: ImportError('wrong version')\n" in ended.errors
    ended = run("-m", "weakrefs", "--children", name)
    assert ended.seen == (0, "well\n", "")


@POSIX
def test_windows_command_lines_are_read():
    """S46: words may be quoted."""
    code = (
        "from weakrefs import _command_line as c\n"
        "print(c.unserved(None, '\"C:/Program Files/python.exe\" -m \"a b\"', None, {}), c.unserved('x.exe', 'x.exe -I', None, {}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "('C:/Program Files/python.exe', '-m', 'a b') None\n"
