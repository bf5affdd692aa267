"""Every public operation as an expression that says whether it has worked.

Programs execute this text in a namespace of their own: where imports fail, where names are lost, where memory is
short, or where the package has another name. `attempt` writes by `os.write`, which works to the end.
"""

import os

import weakrefs

KeyedRef, WeakMethod, finalize = weakrefs.KeyedRef, weakrefs.WeakMethod, weakrefs.finalize
WeakKeyDictionary, WeakValueDictionary = weakrefs.WeakKeyDictionary, weakrefs.WeakValueDictionary
WeakSet, ref = weakrefs.WeakSet, weakrefs.ref


class Thing:
    def method(self):
        return self


class Set(WeakSet):
    pass


class Keys(WeakKeyDictionary):
    pass


class Values(WeakValueDictionary):
    pass


class Finalizer(finalize):
    pass


class Method(WeakMethod):
    pass


def raises(error, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except error as raised:
        return type(raised) is error
    return False


def of(mapping, *pairs):
    """Whether a mapping has these pairs, in this order."""
    return list(mapping.items()) == list(pairs)


def seq(*steps):
    """The last of several steps."""
    return steps[-1]


# By the names that they use: `a`, `b`, `c` live, `dying` is the only reference to a fourth, `members`, `keys`, `values`
# have `a` and `b` in them, `method` is of `a`, `finalizer` too, `log` is a list.
OPERATIONS = [
    # WeakSet
    "list(WeakSet()) == []",
    "list(WeakSet([a, b])) == [a, b]",
    "list(WeakSet(members)) == [a, b]",
    "list(WeakSet(iter([a]))) == [a]",
    "list(Set([a, b])) == [a, b]",
    "len(members) == 2",
    "a in members and c not in members and 5 not in members",
    "seq(members.add(c), list(members)) == [a, b, c]",
    "seq(members.remove(a), list(members)) == [b]",
    "seq(members.discard(a), members.discard(c), list(members)) == [b]",
    "members.pop() is b",
    "seq(members.clear(), list(members)) == []",
    "seq(members.update([c]), list(members)) == [a, b, c]",
    "seq(members.update(WeakSet([c])), list(members)) == [a, b, c]",
    "list(members.copy()) == [a, b] and type(members.copy()) is WeakSet",
    "type(Set([a]).copy()) is Set",
    "list(members.__deepcopy__({})) == [a, b]",
    "list(Set([a, b]).__deepcopy__({})) == [a, b]",
    "list(members.union([c])) == [a, b, c]",
    "list(members | [c]) == [a, b, c]",
    "list(members & [a, c]) == [a]",
    "list(members.intersection(WeakSet([a]))) == [a]",
    "list(members - [a]) == [b]",
    "list(members.difference(WeakSet([a]))) == [b]",
    "list(members ^ [b, c]) == [a, c]",
    "list(members.symmetric_difference(WeakSet([b, c]))) == [a, c]",
    "list(members.__ior__([c])) == [a, b, c]",
    "list(members.__iand__([a, c])) == [a]",
    "list(members.__isub__([a])) == [b]",
    "list(members.__ixor__([b, c])) == [a, c]",
    "seq(members.intersection_update([a]), list(members)) == [a]",
    "seq(members.difference_update([a]), list(members)) == [b]",
    "seq(members.symmetric_difference_update([a, c]), list(members)) == [b, c]",
    "members == WeakSet([b, a]) and members != WeakSet([a]) and not members == {a, b}",
    "members <= [a, b, c] and members < [a, b, c] and members >= [a] and members > [a]",
    "members.issubset([a, b]) and members.issuperset([b]) and members.isdisjoint([c])",
    "members <= WeakSet([a, b]) and members >= WeakSet([a, b]) and members.isdisjoint(WeakSet([c]))",
    "repr(members).startswith('{<weakref at') and repr(WeakSet()) == 'set()'",
    "len(members.data) == 2 and repr(members.data).startswith('{<weakref')",
    "seq(setattr(members, 'data', [ref(c)]), list(members)) == [c]",
    "members.__reduce__()[:2] == (WeakSet, ([a, b],))",
    "Set([a, b]).__reduce__()[0] is Set",
    "next(iter(members)) is a and iter(members).__length_hint__() == 2",
    "WeakSet[int].__origin__ is WeakSet",
    "raises(KeyError, WeakSet().pop) and raises(KeyError, members.remove, c)",
    "raises(TypeError, members.add, 5) and raises(TypeError, members.discard, 5)",
    "raises(TypeError, WeakSet, 1, 2) and raises(TypeError, hash, members)",
    # WeakKeyDictionary
    "of(WeakKeyDictionary())",
    "of(WeakKeyDictionary({a: 1, b: 2}), (a, 1), (b, 2))",
    "of(WeakKeyDictionary([(a, 1)]), (a, 1))",
    "of(WeakKeyDictionary(keys), (a, 1), (b, 2))",
    "of(Keys(keys), (a, 1), (b, 2))",
    "len(keys) == 2 and a in keys and c not in keys and 5 not in keys",
    "keys[a] == 1 and keys.get(c) is None and keys.get(c, 4) == 4",
    "seq(keys.__setitem__(c, 3), of(keys, (a, 1), (b, 2), (c, 3)))",
    "seq(keys.__setitem__(a, 3), of(keys, (a, 3), (b, 2)))",
    "seq(keys.__delitem__(a), of(keys, (b, 2)))",
    "keys.pop(a) == 1 and keys.pop(c, 4) == 4",
    "keys.popitem() == (b, 2)",
    "keys.setdefault(a, 5) == 1 and keys.setdefault(c, 5) == 5",
    "seq(keys.clear(), of(keys))",
    "seq(keys.update({c: 3}), of(keys, (a, 1), (b, 2), (c, 3)))",
    "seq(keys.update(WeakKeyDictionary({c: 3})), of(keys, (a, 1), (b, 2), (c, 3)))",
    "of(keys.copy(), (a, 1), (b, 2)) and type(Keys(keys).copy()) is WeakKeyDictionary",
    "of(keys.__copy__(), (a, 1), (b, 2))",
    "of(keys.__deepcopy__({}), (a, 1), (b, 2)) and type(Keys(keys).__deepcopy__({})) is Keys",
    "of(keys | {c: 3}, (a, 1), (b, 2), (c, 3)) and type(keys | {}) is WeakKeyDictionary",
    "of({c: 3} | keys, (c, 3), (a, 1), (b, 2)) and type({} | Keys()) is Keys",
    "of(keys.__ior__({c: 3}), (a, 1), (b, 2), (c, 3))",
    "keys == {a: 1, b: 2} and keys == WeakKeyDictionary(keys) and keys != {} and Keys(keys) == keys",
    "list(keys.keys()) == [a, b] and list(keys.values()) == [1, 2] and list(keys) == [a, b]",
    "[reference() for reference in keys.keyrefs()] == [a, b]",
    "repr(keys).startswith('<WeakKeyDictionary at 0x')",
    "list(keys.data.values()) == [1, 2]",
    "seq(setattr(keys, 'data', {ref(c): 3}), of(keys, (c, 3)))",
    "raises(KeyError, keys.__getitem__, c) and raises(KeyError, keys.pop, c)",
    "raises(KeyError, WeakKeyDictionary().popitem) and raises(KeyError, keys.__delitem__, c)",
    "raises(TypeError, keys.get, 5) and raises(TypeError, keys.get) and raises(TypeError, hash, keys)",
    # WeakValueDictionary
    "of(WeakValueDictionary())",
    "of(WeakValueDictionary({1: a, 2: b}), (1, a), (2, b))",
    "of(WeakValueDictionary([(1, a)], x=b), (1, a), ('x', b))",
    "of(WeakValueDictionary(values), (1, a), (2, b))",
    "of(Values(values), (1, a), (2, b))",
    "len(values) == 2 and 1 in values and 3 not in values",
    "values[1] is a and values.get(3) is None and values.get(3, 4) == 4",
    "seq(values.__setitem__(3, c), of(values, (1, a), (2, b), (3, c)))",
    "seq(values.__setitem__(1, c), of(values, (1, c), (2, b)))",
    "seq(values.__delitem__(1), of(values, (2, b)))",
    "values.pop(1) is a and values.pop(3, 4) == 4",
    "values.popitem() == (2, b)",
    "values.setdefault(1, c) is a and values.setdefault(3, c) is c",
    "seq(values.clear(), of(values))",
    "seq(values.update({3: c}, x=c), of(values, (1, a), (2, b), (3, c), ('x', c)))",
    "seq(values.update(WeakValueDictionary({3: c})), of(values, (1, a), (2, b), (3, c)))",
    "of(values.copy(), (1, a), (2, b)) and type(Values(values).copy()) is WeakValueDictionary",
    "of(values.__copy__(), (1, a), (2, b))",
    "of(values.__deepcopy__({}), (1, a), (2, b)) and type(Values(values).__deepcopy__({})) is Values",
    "of(values | {3: c}, (1, a), (2, b), (3, c)) and type(values | {}) is WeakValueDictionary",
    "of({3: c} | values, (3, c), (1, a), (2, b)) and type({} | Values()) is Values",
    "of(values.__ior__({3: c}), (1, a), (2, b), (3, c))",
    "values == {1: a, 2: b} and values == WeakValueDictionary(values) and values != {} and Values(values) == values",
    "list(values.keys()) == [1, 2] and list(values.values()) == [a, b] and list(values) == [1, 2]",
    "[r() for r in values.valuerefs()] == [a, b] and [r.key for r in values.itervaluerefs()] == [1, 2]",
    "repr(values).startswith('<WeakValueDictionary at 0x')",
    "list(values.data) == [1, 2]",
    "seq(setattr(values, 'data', {3: ref(c)}), of(values, (3, c)))",
    "raises(KeyError, values.__getitem__, 3) and raises(KeyError, values.pop, 3)",
    "raises(KeyError, WeakValueDictionary().popitem) and raises(KeyError, values.__delitem__, 3)",
    "raises(TypeError, values.__setitem__, 3, 5) and raises(TypeError, values.get) and raises(TypeError, hash, values)",
    # WeakMethod and KeyedRef
    "WeakMethod(a.method)() == a.method",
    "Method(a.method, log.append)() == a.method",
    "method() == a.method and method == WeakMethod(a.method) and method != WeakMethod(b.method)",
    "hash(method) == hash(a) and repr(method).startswith('<weakref')",
    "WeakMethod(Thing().method)() is None",
    "raises(TypeError, WeakMethod, 3) and raises(TypeError, WeakMethod) and raises(TypeError, method, 1)",
    "KeyedRef(a, log.append, 3)() is a and KeyedRef(a, None, 3).key == 3",
    "raises(TypeError, KeyedRef, a, None) and raises(TypeError, KeyedRef, a, None, 3, z=4)",
    # finalize
    "finalize(a, log.append, 1).alive",
    "Finalizer(a, log.append, 1)() is None and log == [1]",
    "finalizer() is None and log == [0] and not finalizer.alive",
    "finalizer.peek() == finalizer.detach() == (a, log.append, (0,), {}) and finalizer.peek() is None",
    "seq(setattr(finalizer, 'atexit', False), finalizer.atexit) is False",
    "seq(log.append(0), finalize(Thing(), log.append, 1), log) == [0, 1]",
    "repr(finalizer).startswith('<finalize object at 0x')",
    "raises(TypeError, finalize) and raises(TypeError, finalize, a) and raises(TypeError, finalize, 5, int)",
    # Deaths
    "seq(members.add(dying[0]), dying.clear(), list(members)) == [a, b]",
    "seq(keys.__setitem__(dying[0], 3), dying.clear(), of(keys, (a, 1), (b, 2)))",
    "seq(values.__setitem__(3, dying[0]), dying.clear(), of(values, (1, a), (2, b)))",
    "seq(log.append(WeakMethod(dying[0].method, log.append)), dying.clear(), len(log)) == 2",
    "seq(log.append(KeyedRef(dying[0], log.append, 1)), dying.clear(), len(log)) == 2",
]


def prepared():
    """The names that operations use, with new objects."""
    a, b, c = Thing(), Thing(), Thing()
    log = []
    scope = dict(PUBLIC)
    scope.update(a=a, b=b, c=c, dying=[Thing()], log=log, members=WeakSet([a, b]), method=WeakMethod(a.method))
    scope.update(keys=WeakKeyDictionary({a: 1, b: 2}), values=WeakValueDictionary({1: a, 2: b}))
    scope.update(finalizer=finalize(a, log.append, 0))
    scope["finalizer"].atexit = False
    return scope


PUBLIC = dict(globals())


def say(operation, result, write=os.write):
    write(1, f"{operation} => {result}\n".encode())


def attempt(operation, prepare=prepared, run=eval, report=say, failure=BaseException):
    try:
        result = run(operation, prepare())
    except failure as error:
        result = f"{error.__class__.__name__}: {error}"
    report(operation, result)
