"""Every operation of the weak classes, as templates of program lines, in their proportions.

`{...}` stands for an argument, which `program.Writer` chooses: `{o}`, `{k}` ... are methods of it;
`{same}` is the thing chosen last.
A line marked as bulk is about many entries at once, so its result is open if a hook runs in the middle.
"""

from itertools import accumulate


class Menu:
    """Templates with weights."""

    def __init__(self, table):
        pairs = [(template, weight) for weight, templates in table for template in templates.strip().splitlines()]
        self.templates = [template.strip() for template, _ in pairs]
        self.weights = list(accumulate(weight for _, weight in pairs))

    def choose(self, rng):
        return rng.choices(self.templates, cum_weights=self.weights)[0]


SET = Menu(
    [
        (10, """{c}.add({o})"""),
        (
            3,
            """{c}.discard({o})
           {c}.remove({o})
           {o} in {c}
           pop({c})""",
        ),
        (
            1,
            """{c}.update({i})  # bulk
           {c} |= {i}  # bulk
           {c} &= {y}  # bulk
           {c} -= {i}  # bulk
           {c} ^= {i}  # bulk
           {c}.intersection_update({y})  # bulk
           {c}.difference_update({i})  # bulk
           {c}.symmetric_difference_update({i})  # bulk
           {n} = {c} | {i}  # bulk
           {n} = {c} & {i}  # bulk
           {n} = {c} - {i}  # bulk
           {n} = {c} ^ {i}  # bulk
           {n} = {c}.union({i})  # bulk
           {n} = {c}.intersection({i})  # bulk
           {n} = {c}.difference({i})  # bulk
           {n} = {c}.symmetric_difference({i})  # bulk
           {n} = {c}.copy()  # bulk
           {n} = type({c})({i})  # bulk
           {c} <= {y}  # bulk
           {c} < {i}  # bulk
           {c} >= {y}  # bulk
           {c} > {i}  # bulk
           {c} == {i}  # bulk
           {c} != {i}  # bulk
           {i} == {c}  # bulk
           {y} >= {c}  # bulk
           {i} - {c}  # bulk
           {c}.isdisjoint({i})  # bulk
           {c}.issubset({y})  # bulk
           {c}.issuperset({y})  # bulk
           len({c})
           bool({c})
           bag({c})
           references({c})""",
        ),
        (
            0.6,
            """{c}.clear()
             {c}.add({x})
             {c}.discard({x})
             {c}.remove({x})
             {x} in {c}
             {c}.update(each([{o}, {o}, {o}], {text}))
             {c} -= each([{o}, {o}, {o}], {text})""",
        ),
        (
            0.2,
            """hash({c})
             {c} + {c}
             {c}.add()
             {c}.add({o}, {o})
             {c}.pop(1)
             {c}.update()
             type({c})({o}, {o})
             {c}[0]
             {n} = {c}[0:1]
             type({c})[int] is None
             len(text({c})) > 1""",
        ),
    ]
)

MAPPING = [
    (10, """{c}[{k}] = {v}"""),
    (
        3,
        """{c}[{k}]
           {c}.get({k})
           {k} in {c}
           del {c}[{k}]
           {c}.pop({k})
           {c}.setdefault({k}, {v})""",
    ),
    (
        1.5,
        """{c}.get({k}, {t})
             {c}.pop({k}, {t})
             {c}.popitem()
             list({c}.items())
             list({c}.keys())
             list({c}.values())
             listed({c})
             data({c})""",
    ),
    (
        1,
        """{c}.update({u})  # bulk
           {c} |= {u}  # bulk
           {n} = {c} | {u}  # bulk
           {n} = {u} | {c}  # bulk
           {other} | {c}  # bulk
           {c} | {other}  # bulk
           {c}.update({other})  # bulk
           {c} == {other}  # bulk
           {c} == {u}  # bulk
           {c} != {u}  # bulk
           {u} == {c}  # bulk
           {n} = {c}.copy()  # bulk
           {n} = copied({c}, copy)  # bulk
           {n} = copied({c}, deepcopy)  # bulk
           {n} = type({c})({u})  # bulk
           dict({c})  # bulk
           len({c})
           bool({c})""",
    ),
    (
        0.5,
        """{c}.clear()
             {c}.update(iter([({k}, {v}), ({k}, {v})]))  # bulk
             {c}.update([({k}, {v}), ({x}, {x}), ({k}, {v})])  # bulk
             {c}.update({{{k}: {v}, {k}: {x}}})  # bulk
             {c}.setdefault({k})
             {c}[{x}] = {v}
             {c}[{k}] = {x}
             {c}[{x}]
             {c}.get({x}, {t})
             {c}.pop({x}, {t})
             {c}.setdefault({x}, {x})
             del {c}[{x}]
             {x} in {c}""",
    ),
    (
        0.2,
        """hash({c})
             {c} < {c}
             {c} + {c}
             {c} | {x}
             {c} |= {x}
             list(reversed({c}))
             {c}.get()
             pop({c})
             {c}.popitem(1)
             {c}.update({x}, {x})
             {c}.update(None)
             {c}.fromkeys([])
             type({c})({x})
             type({c})({u}, {u})
             {v} in {c}.values()
             {k} in {c}.keys()
             text({c})""",
    ),
]

KEYED = Menu(
    [
        *MAPPING,
        (
            0.7,
            """bag({c}.keyrefs())
             {c}.keyrefs()""",
        ),
        (
            0.2,
            """{n} = type({c})(dict={u})  # bulk
             {c}.valuerefs()""",
        ),
    ]
)

VALUED = Menu(
    [
        *MAPPING,
        (
            0.7,
            """{c}.valuerefs()
             list({c}.itervaluerefs())
             valued({c}).update({u}, a={o})  # bulk
             {n} = type({c})(a={o}, b={o})
             {n} = type({c})({u}, self={o}, other={o})  # bulk""",
        ),
        (
            0.2,
            """{c}.update(a={x})
             {c}.keyrefs()""",
        ),
    ]
)

# What is about one entry: the likely place for a hook to interrupt.
ONE_OF_SET = Menu(
    [
        (
            1,
            """{o} in {c}
           {c}.add({o})
           {c}.discard({o})
           {c}.remove({o})""",
        ),
    ]
)
ONE_OF_MAPPING = Menu(
    [
        (
            1,
            """{c}[{o}]
           {c}.get({o}, {t})
           {o} in {c}
           {c}[{o}] = {v}
           {c}.setdefault({o}, {v})
           {c}.pop({o}, {t})
           del {c}[{o}]""",
        ),
    ]
)

# A container changed while one of its own iterators runs.
LOOPED_MAPPING = Menu(
    [
        (
            1,
            """[{c}.pop(key) for key in {c}]
           [{c}.pop(key, 0) for key in {c}.keys()]
           [{c}.update({{key: value}}) for key, value in {c}.items()]
           [{c}.popitem() for value in {c}.values()]
           [{c}.clear() for key in {c}]
           {c}.update((key, value) for key, value in {c}.items())  # bulk""",
        ),
    ]
)
LOOPED_SET = Menu(
    [
        (
            1,
            """bag({c}.discard(thing) for thing in {c})  # bulk
           bag({c}.add({o}) for thing in {c})  # bulk
           {c}.update(thing for thing in {c})  # bulk
           {c} -= (thing for thing in {c})  # bulk""",
        ),
    ]
)

FINALIZERS = Menu(
    [
        (3, """{f} = fin({o}, note, {same}.number, {t})"""),
        (
            1,
            """{f} = fin({o}, note, {same}.number, {o}, key={o})
           {f} = fin({o}, act({text}))
           {f} = fin({o}, boom)
           {f} = fin({o}, fin, {o}, note, {same}.number, 'nested')
           {f} = fin({c}, note, -1, 'container')
           finalize({o}, note, {same}.number, obj=1, func=2, self=3)
           {f}()
           {f}.peek()
           {f}.detach()
           {f}.alive
           {f}.atexit
           {f}.atexit = {t}
           drop('{f}')
           text({f})""",
        ),
        (
            0.2,
            """{f}(1)
             {f}(1, 2)
             {f}.alive = 1
             {f}.other = 1
             {f} == {f}
             fin({x}, note, -1)
             fin({o}, 5)
             finalize({o})
             finalize()
             finalize(obj={o}, func=note)""",
        ),
    ]
)

METHODS = Menu(
    [
        (
            2,
            """{m} = WeakMethod({o}.method)
           {m} = WeakMethod({o}.method, noted({same}, 'method'))
           {g} = function()
           {m} = WeakMethod(bound({g}, {o}), noted({same}, 'made'))
           {m} = WeakMethod(bound({g}, {o}))
           {m}()
           {m} == {m}
           {m} == {m}
           {m} != {m}
           drop('{g}')
           drop('{m}')
           [drop('g0'), drop('g1'), m0 == m1, m0 != m1]
           {m} = WeakMethod(bound({g}, {o}))
           hashed({m})""",
        ),
        (
            0.4,
            """{m} = WeakMethod({o}.method, act({text}))
             {m} = WeakMethod({o}.method, boom)
             {m} = WeakMethod({o}.method, None)
             {m} == {r}
             {m} == 5
             {m} < {m}
             {m}.__callback__ is None
             {m}() == {m}()
             WeakMethod(bound(function(), {o})) == WeakMethod(bound(function(), {o}))
             WeakMethod(bound(function(), {o})) != WeakMethod(bound(function(), {o}))
             {m}(1)
             hash({m}) == hash({m})
             len({{{m}, {m}}})
             WeakMethod({x})
             WeakMethod(len)
             WeakMethod([].append)
             WeakMethod(function())
             WeakMethod()""",
        ),
    ]
)

REFERENCES = Menu(
    [
        (
            2,
            """{r} = ref({o})
           {r} = ref({o}, noted({same}, 'ref'))
           {r} = KeyedRef({o}, noted({same}, 'keyed'), {t})
           {r}()
           {r} == {r}
           drop('{r}')
           hashed({r})""",
        ),
        (
            1,
            """{r} = ref({o}, census({same}, 'census'))
           {r} = ref({o}, act({text}))
           {r} = ref({o}, boom)
           {r} = ref({c}, noted(None, 'container'))
           {r}.key
           {r} != {r}
           KeyedRef({o}, None)
           KeyedRef({o}, None, {t}, 5)
           KeyedRef({x}, None, {t})
           {r}.key = {t}""",
        ),
    ]
)

OPEN = Menu(
    [
        (2, """{j} = {opened}"""),
        (8, """step({j})"""),
        (
            0.5,
            """drop('{j}')
             bag({j})""",
        ),
    ]
)

THINGS = Menu(
    [
        (6, """drop('{s}')"""),
        (
            2,
            """collect()
           link({o}, {o})""",
        ),
        (
            1,
            """link({o}, {c})
           link({o}, None)""",
        ),
    ]
)

HOOKS = Menu(
    [
        (5, """on_eq({first}, {second}, {text})"""),
        (
            2,
            """on_hash({first}, {text})
           on_del({o}, {death})""",
        ),
    ]
)

# What hooks and callbacks do. `{c}` is a container of any kind, so some of it fails, as it should.
TEXTS = Menu(
    [
        (
            3,
            """drop('{s}')
           del {c}[{o}]
           {c}.discard({o})
           {c}[{o}] = {t}
           {c}[{t}] = {o}
           {c}.add({o})
           boom()""",
        ),
        (
            1,
            """collect()
           {c}.clear()
           {c}.popitem()
           {c}.setdefault({o}, {o})
           {c}.update({c})
           bag({c})
           drop('{s}'); drop('{s}'); collect()
           drop('{s}'); make('{s}', Equal, {group})
           {c}.add({o}); drop('{s}'); {c}.add({o}); drop('{s}')
           {c}[{o}] = 1; {c}[{o}] = 2; del {c}[{o}]
           link({o}, {o}); drop('{s}')
           drop('{c}')""",
        ),
    ]
)

DEATHS = Menu(
    [
        (
            2,
            """keep('{s}', this)
           {c}.add(this)
           {c}[this] = {t}
           {c}[{t}] = this
           {c}.discard(this)
           link(this, this); keep('{s}', this)""",
        ),
        (
            1,
            """{c}.clear()
           bag({c})
           boom()
           collect()""",
        ),
    ]
)
