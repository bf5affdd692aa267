"""Methods replaced on the weak classes themselves, as mocks, debuggers and tracers do (S39).

A replaced method reports each call, and then does what it did before. All users of the class share the replacement
(the self-test runs the standard classes on both sides), and the last user undoes it.
"""

TRACED = {
    "WeakSet": (
        "__init__ add copy discard remove update clear difference_update intersection_update symmetric_difference_update "
        "difference intersection union symmetric_difference isdisjoint issubset issuperset "
        "__contains__ __iter__ __isub__ __iand__ __ixor__ __ior__"
    ).split(),
    "WeakKeyDictionary": (
        "__init__ __setitem__ __getitem__ __delitem__ __contains__ __iter__ get pop popitem setdefault update clear copy "
        "keys values items __ior__ __or__ __ror__"
    ).split(),
    "WeakValueDictionary": (
        "__init__ __setitem__ __getitem__ __delitem__ __contains__ __iter__ get pop popitem setdefault update clear copy "
        "keys values items __ior__ __or__ __ror__"
    ).split(),
    "WeakMethod": ["__call__", "__eq__"],
    "finalize": ["__call__", "peek", "detach"],
}

LISTENING = []
_replaced = {}


def replace(cls, name):
    """Has the one who listens last told of each call of this method, until `put_back`."""
    if (cls, name) not in _replaced:
        own = vars(cls).get(name)
        setattr(cls, name, _telling(cls, name, getattr(cls, name)))
        _replaced[cls, name] = [own, 0]
    _replaced[cls, name][1] += 1


def put_back(cls, name):
    own, users = _replaced[cls, name]
    _replaced[cls, name][1] -= 1
    if users > 1:
        return
    del _replaced[cls, name]
    if own is None:
        delattr(cls, name)
    else:
        setattr(cls, name, own)


def _telling(cls, name, method):
    def telling(self, *args, **kwargs):
        if LISTENING:
            LISTENING[-1](cls, self, name, (*args, *kwargs.items()))
        return method(self, *args, **kwargs)

    return telling
