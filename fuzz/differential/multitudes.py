"""Operations about very many things: those that own deep chains, and those that go through a crowd.

Templates like those of `operations.py`.
"""

from operations import Menu

# Deep chains: what owns one may go at any time.
LOOSE = [
    (
        1,
        """{chain} is None
             {c}.add({chain})
             fin({o}, note, {same}.number, {chain})
             {w} = owner({chain}, {t})
             {w} = copy({w})
             {r} = KeyedRef({o}, None, {chain})
             {m} = WeakMethod({chain}.method)""",
    ),
]
LOOSE_CHAINS = Menu(LOOSE)
# Those that a value owns, which an open iterator of the standard side would keep.
CHAINS = Menu(
    [
        *LOOSE,
        (
            2,
            """{c}[{o}] = {chain}
             {c}[{t}] = {chain}
             {c}.setdefault({o}, {chain})""",
        ),
    ]
)

# What takes long enough to be interrupted. The crowd is in the order in which it was made.
CROWDED_SET = Menu(
    [
        (
            3,
            """{c}.update(c0)  # bulk, in order
           {c}.update(each for each in c0)  # bulk, in order
           {c} -= c0  # bulk, in order
           {c}.difference_update(c0)  # bulk, in order
           {c} |= set(c0)  # bulk
           {c} ^= c0  # bulk
           {c} &= c0  # bulk""",
        ),
        (
            1,
            """{n} = {c} | c0  # bulk
           {n} = type({c})(c0)  # bulk
           {n} = {c}.copy()  # bulk
           {c}.issuperset(c0)  # bulk
           {c}.isdisjoint(c0)  # bulk
           {c} == set(c0)  # bulk
           {c}.clear()  # bulk""",
        ),
    ]
)
CROWDED_KEYED = Menu(
    [
        (
            3,
            """{c}.update(dict.fromkeys(c0, {t}))  # bulk, in order
           {c}.update((each, {t}) for each in c0)  # bulk, in order
           {c} |= dict.fromkeys(c0, {t})  # bulk, in order
           [{c}.pop(each, 0) for each in c0] is None  # bulk, in order""",
        ),
        (
            1,
            """{n} = {c} | dict.fromkeys(c0, {t})  # bulk
           {n} = type({c})(dict.fromkeys(c0, {t}))  # bulk
           {n} = {c}.copy()  # bulk
           {c} == dict.fromkeys(c0, {t})  # bulk
           {c}.clear()  # bulk""",
        ),
    ]
)
CROWDED_VALUED = Menu(
    [
        (
            3,
            """{c}.update(enumerate(c0))  # bulk, in order
           {c}.update(dict(enumerate(c0)))  # bulk, in order
           {c} |= dict(enumerate(c0))  # bulk, in order
           [{c}.pop(number, 0) for number in range(len(c0))] is None  # bulk, in order""",
        ),
        (
            1,
            """{n} = {c} | dict(enumerate(c0))  # bulk
           {n} = type({c})(enumerate(c0))  # bulk
           {n} = {c}.copy()  # bulk
           {c} == dict(enumerate(c0))  # bulk
           {c}.clear()  # bulk""",
        ),
    ]
)
