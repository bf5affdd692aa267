"""What a type checker refuses of references and finalizers. Never run: each ignore that is no longer needed is an error."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from collections.abc import Callable

import weakrefs as weakref


class Handle:
    def close(self, force: bool = False) -> int:
        return int(force)


def release(number: int, *, log: list[str]) -> None: ...


def on_death_of_a_string(reference: weakref.KeyedRef[str, str]) -> None: ...


def arguments_of_a_finalizer_are_those_of_its_function(handle: Handle) -> None:
    weakref.finalize(handle, release, 1)  # type: ignore[call-arg]
    weakref.finalize(handle, release, "1", log=[])  # type: ignore[arg-type]
    weakref.finalize(handle, release, 1, log=[], more=1)  # type: ignore[call-arg]
    weakref.finalize(handle)  # type: ignore[call-arg]
    weakref.finalize(obj=handle, func=print)  # type: ignore[call-arg]


def what_a_finalizer_gives(handle: Handle) -> None:
    finalizer = weakref.finalize(handle, handle.close, True)
    code: int = finalizer()  # type: ignore[assignment]
    finalizer.peek()[0]  # type: ignore[index]
    finalizer.alive = False  # type: ignore[misc]
    finalizer.atexit = "yes"  # type: ignore[assignment]
    finalizer(1, 2)  # type: ignore[call-arg]
    narrow: weakref.finalize[[str], Handle] = finalizer  # type: ignore[assignment]
    del code, narrow


def methods(handle: Handle) -> None:
    weakref.WeakMethod(handle)  # type: ignore[type-var]
    weakref.WeakMethod(handle.close, on_death_of_a_string)  # type: ignore[arg-type]
    method = weakref.WeakMethod(handle.close)
    method()(True)  # type: ignore[misc]
    other: weakref.WeakMethod[Callable[[str], int]] = method  # type: ignore[assignment]
    del other


def keyed_references(handle: Handle) -> None:
    weakref.KeyedRef(handle, None)  # type: ignore[call-arg]
    weakref.KeyedRef(handle, on_death_of_a_string, "key")  # type: ignore[arg-type]
    keyed: weakref.KeyedRef[int, Handle] = weakref.KeyedRef(handle, None, "key")  # type: ignore[arg-type]
    del keyed
