"""S43, S46: programs of others that leak by entries whose value refers to their key, unchanged, under `--ephemerons`.

Each counts what it leaves behind in ten rounds; without the option that shows that there is something to cure.
"""

import os
import subprocess
import sys

import pytest
from ephemeron_pairs import WITH_ENGINE

pytestmark = WITH_ENGINE

ASYNCIO = """
import asyncio, gc, weakref

store = weakref.WeakKeyDictionary()

async def main():
    loop = asyncio.get_running_loop()
    store[loop] = {"root": asyncio.current_task()}
    await asyncio.sleep(0)

for _ in range(10):
    asyncio.run(main())
gc.collect()
print(len(store))
"""

# It keeps the root task of each event loop, which refers to the loop, in a mapping from loops.
ANYIO = """
import asyncio, gc, time
import anyio, anyio.lowlevel, anyio.to_thread

def loops():
    return sum(isinstance(each, asyncio.AbstractEventLoop) for each in gc.get_objects())

async def main():
    await anyio.to_thread.run_sync(int)
    return [0]

def left():
    for _ in range(30):  # the worker threads of the last loop end a little later than it
        gc.collect()
        if not loops():
            break
        time.sleep(0.02)
    return loops()

for _ in range(10):
    anyio.run(main)
print(left())
"""

# It keeps the relationships of mapped classes by the columns that they write to, which refer to the classes in turn.
SQLALCHEMY = """
import gc, weakref
import sqlalchemy as sa
from sqlalchemy.orm import registry, relationship

def build():
    mappers = registry()
    Base = mappers.generate_base()

    class Parent(Base):
        __tablename__ = "parent"
        id = sa.Column(sa.Integer, primary_key=True)

    class Child(Base):
        __tablename__ = "child"
        id = sa.Column(sa.Integer, primary_key=True)
        parent_id = sa.Column(sa.ForeignKey("parent.id"))
        parent = relationship(Parent)

    sa.Index("by_id", Parent.id.desc())
    mappers.configure()
    mappers.dispose()
    return weakref.ref(Parent)

classes = [build() for _ in range(10)]
gc.collect()
gc.collect()
print(sum(each() is not None for each in classes))
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """A directory with the packages, as pip gets them."""
    if sys.version_info[:2] != (3, 11):
        pytest.skip("3.11 is enough: the other tests go through the same on each")
    directory = tmp_path_factory.mktemp("packages")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--only-binary", ":all:", "--retries", "1", "--timeout", "10", "--target", directory]
    done = subprocess.run([*command, "anyio==4.14.*", "SQLAlchemy==2.0.36"], capture_output=True, text=True)
    if done.returncode:
        pytest.skip("the packages cannot be had here")
    return str(directory)


@pytest.fixture
def left(run, script):
    """What a program leaves behind, without and with the option."""

    def left(program, directory):
        path = os.pathsep.join(filter(None, [directory, os.environ.get("PYTHONPATH")]))
        name = script(program)
        ended = [run("-m", "weakrefs", *option, name, env={"PYTHONPATH": path}) for option in ([], ["--ephemerons"])]
        assert [(each.status, each.errors) for each in ended] == [(0, "")] * 2
        return [int(each.output) for each in ended]

    return left


def test_an_event_loop_as_the_key_of_its_own_task(left):
    """S43, S46: the shape of several leaks, with nothing but the standard library."""
    assert left(ASYNCIO, None) == [10, 0]


@pytest.mark.parametrize("program", [ANYIO, SQLALCHEMY], ids=["anyio", "SQLAlchemy"])
def test_a_package_that_leaks(left, packages, program):
    """S43, S46: without a change to it."""
    without, with_option = left(program, packages)
    assert without >= 9 and with_option == 0
