"""What programs do around the weak classes, besides operations on one container or reference.

They keep bound methods and send to them, copy what owns finalizers, replace methods on the classes, assign
`data`, and change containers with iterators open. Templates like those of `operations.py`.
"""

from operations import Menu

OWNERS = Menu(
    [
        (
            3,
            """{w} = owner({o}, {t})
           {w} = copy({w})
           {w} = deepcopy({w})
           {w} = pickled({w}, {protocol})
           drop('{w}')""",
        ),
        (
            1,
            """{w} = owner({o}, {t}, 'Subfinalize')
           [copy({w}).held is {w}.held, deepcopy([{w}, {w}])]
           pickled([{w}, {w}.finalizer, {w}], {protocol})
           {w}.finalizer()
           {w}.finalizer.peek() is None
           {w}.finalizer.detach() is None
           {w}.finalizer.alive
           {w}.finalizer.atexit
           {w}.finalizer.atexit = {t}
           text({w}.finalizer)
           vars({w}.finalizer)
           {f} = copy({f})
           {f} = deepcopy({f})
           {f} = pickled({f}, {protocol})
           copy({m})
           deepcopy({m})
           copy({r})
           deepcopy({r})""",
        ),
    ]
)

# Callbacks that are bound methods of containers, held strongly or in a bus that holds them weakly.
BUSES = Menu(
    [
        (
            3,
            """{b} = {c}.{method}
           {b}({o})
           subscribe({c}.{method})
           publish({o})  # bulk
           {m} = WeakMethod({c}.{method})
           {m}()({o})""",
        ),
        (
            1,
            """{b} == {c}.{method}
           {b} != {b}
           {c}.{method} == {c}.{method}
           {b} != {c}.{method} or hash({b}) == hash({c}.{method})
           {b}
           {b}.__self__ is {c}
           {b}.__func__ is type({c}).{method}
           ismethod({c}.{method})
           {b}({x})
           {b}()
           {m} = WeakMethod({b})
           {m} = WeakMethod({b}, noted(None, 'bus'))
           {m} = WeakMethod({f}.detach)
           {m} == WeakMethod({c}.{method})
           {m} != WeakMethod({b})
           subscribe({b})
           subscribe({o}.method)
           subscribe({f}.peek)
           drop('{b}')
           drop('{c}')""",
        ),
    ]
)

TRACES = Menu(
    [
        (3, """{trace}"""),
        (2, """untrace()"""),
    ]
)

ASSIGNED = Menu(
    [
        (
            3,
            """assign({c}, {plain}, {contents})
           {r} = watched({c}, {o}, {t})""",
        ),
        (
            1,
            """assign({c}, {behaving}, {contents})
           replace_remove({c}, note)
           {c}._remove is {c}._remove
           callable({c}._remove)""",
        ),
    ]
)

WALKS = Menu(
    [
        (
            2,
            """walk({c}, {method_of_c}, {changes})
           {j} = iterate({c}, {method_of_c})""",
        ),
        (1, """[step(i0), step(i1), step(i2), step(i3)]"""),
    ]
)
