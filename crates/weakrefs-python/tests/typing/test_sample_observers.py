"""Observers that do not outlive their objects: signals over `WeakMethod`, references and proxies with callbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, ParamSpec

import weakrefs as weakref
from typing_support import assert_type

P = ParamSpec("P")


class Signal(Generic[P]):
    """Calls the methods that are connected to it, as long as their objects live."""

    def __init__(self) -> None:
        self.receivers: list[weakref.WeakMethod[Callable[P, object]]] = []

    def connect(self, method: Callable[P, object]) -> None:
        self.receivers.append(weakref.WeakMethod(method, self.receivers.remove))

    def emit(self, *args: P.args, **kwargs: P.kwargs) -> int:
        called = 0
        for receiver in list(self.receivers):
            method = assert_type(receiver(), Callable[P, object] | None)
            if method is not None:
                method(*args, **kwargs)
                called += 1
        return called


class Gauge:
    def __init__(self) -> None:
        self.readings: list[tuple[int, str]] = []

    def record(self, value: int, unit: str = "V") -> None:
        self.readings.append((value, unit))

    def __call__(self, scale: float) -> float:
        return sum(value for value, _ in self.readings) * scale


def test_signal() -> None:
    changed: Signal[int, str] = Signal()
    gauge = Gauge()
    changed.connect(gauge.record)
    assert changed.emit(3, "A") == 1
    assert gauge.readings == [(3, "A")]
    del gauge
    assert changed.emit(4, "A") == 0
    assert changed.receivers == []


def test_weak_method_gives_the_method_it_was_made_of() -> None:
    gauge = Gauge()
    dead: list[weakref.WeakMethod[Callable[[], None]]] = []

    class Sensor:
        def poll(self) -> None:
            gauge.record(1)

    sensor = Sensor()
    poll = weakref.WeakMethod(sensor.poll, dead.append)
    assert_type(poll, weakref.WeakMethod[Callable[[], None]])
    method = assert_type(poll(), Callable[[], None] | None)
    assert method is not None
    method()
    assert gauge.readings == [(1, "V")]
    assert assert_type(poll == weakref.WeakMethod(sensor.poll), bool)
    assert not assert_type(poll != weakref.WeakMethod(sensor.poll), bool)
    assert assert_type(hash(poll), int) == hash(sensor)
    del method, sensor
    assert dead == [poll] and poll() is None


def test_a_reference_is_the_one_of_the_interpreter() -> None:
    gone: list[weakref.ref[Gauge]] = []
    gauge = Gauge()
    plain = assert_type(weakref.ref(gauge), weakref.ReferenceType[Gauge])
    watched: weakref.ref[Gauge] = weakref.ref(gauge, gone.append)
    assert assert_type(watched(), Gauge | None) is gauge
    assert assert_type(weakref.getweakrefcount(gauge), int) == 2
    assert assert_type(weakref.getweakrefs(gauge), list[Any]) == [plain, watched]
    del gauge
    assert gone == [watched] and plain() is None


def test_proxies() -> None:
    gauge = Gauge()
    gauge.record(2)
    proxy = assert_type(weakref.proxy(gauge), "weakref.CallableProxyType[Gauge]")
    assert proxy.readings == [(2, "V")]
    assert isinstance(proxy, weakref.ProxyTypes)
    assert not isinstance(proxy, weakref.ProxyType)


def test_keyed_reference() -> None:
    died: list[str] = []

    def note(reference: weakref.KeyedRef[str, Gauge]) -> None:
        died.append(assert_type(reference.key, str))

    gauge = Gauge()
    keyed = assert_type(weakref.KeyedRef(gauge, note, "volts"), weakref.KeyedRef[str, Gauge])
    quiet = assert_type(weakref.KeyedRef(gauge, None, 1), weakref.KeyedRef[int, Gauge])
    as_plain: weakref.ref[Gauge] = keyed
    assert assert_type(as_plain(), Gauge | None) is gauge
    del gauge
    assert died == ["volts"] and quiet.key == 1
