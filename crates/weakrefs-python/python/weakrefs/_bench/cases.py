"""The table of cases: every public operation, as the code that is timed.

Each case is a few statements, run alike with the class of weakrefs, the interpreter's own and the strong container, over the names
that `stage.Stage` provides. Where the strong one has to do it another way, `strong` says how; where entries are new,
it also makes a bare weak reference with a callback for each, and where they die, it also removes them itself.
"""

from dataclasses import dataclass

WAYS = ("ours", "standard", "strong")
_REFERENCES = "\nreferences = bare(new)"


@dataclass(frozen=True)
class Case:
    """One operation of a group.

    `timed` is divided by the number of entries, or of calls where `per` says so. With `prepare`, which is not timed,
    each pass over the entries starts anew, and what it leaves behind goes after the clock was read.
    """

    group: str
    name: str
    of: str  # the method
    timed: str
    prepare: str = ""
    strong: str | None = None  # instead of `timed`
    strong_prepare: str | None = None  # instead of `prepare`
    kind: str = "object"  # of the keys
    per: str = "entry"
    entries: int | None = None  # whatever sizes are asked for
    threads: int = 1  # that do it at once, with the same objects

    @property
    def label(self):
        return f"{self.group}: {self.name}"

    @property
    def bare_references(self):
        """Whether the strong way has bare references beside its container."""
        return "bare(" in (self.strong or "") + (self.strong_prepare or "")

    def code(self, way):
        """What to prepare and what to time."""
        if way == "strong":
            prepare = self.prepare if self.strong_prepare is None else self.strong_prepare
            return prepare, self.strong or self.timed
        return self.prepare, self.timed


def _group(name, *cases, kind="object"):
    return [Case(name, *positional, **{"kind": kind, **named}) for positional, named in cases]


def _case(*positional, **named):
    return positional, named


def _new(name, of, timed, prepare="new = Container()", **named):
    """A case that makes new entries, in `new`."""
    return _case(name, of, timed, prepare, timed + _REFERENCES, **named)


# Victims die one by one in random order, or all at once; the user of a strong container has to remove the entry.
_EACH = "victims = fresh()\nnew = filled(victims)\nshuffled(victims)"
_ALL = "victims = fresh()\nnew = filled(victims)"
_AT_ONCE = ("death", "victims.clear()", _ALL, "new.clear()\nvictims.clear()", _ALL + _REFERENCES)


def _deaths(remove, prepare=_EACH + _REFERENCES):
    return [
        _case("one dies", "death", "while victims: victims.pop()", _EACH, remove, prepare),
        _case("all die at once", *_AT_ONCE),
        _case("a million die at once", *_AT_ONCE, entries=1_000_000),
    ]


def _together(name, of, timed, strong=None, **named):
    """A case for two threads, where they can run at once."""
    return _case(f"two threads: {name}", of, timed, strong=strong, threads=2, **named)


def _come_and_go(name, store, remove):
    """Entries of a container of both threads, one after the other: each goes with its referent."""
    each = "for _ in numbers:\n    one = Referent()"
    by_hand = f"{each}\n    kept = ref(one, ignore)\n    {store}\n    {remove}"
    return _together(name, "death", f"{each}\n    {store}\none = None", by_hand)


WEAK_KEY_DICTIONARY = _group(
    "WeakKeyDictionary",
    _case("d[k]", "__getitem__", "for k in order: d[k]"),
    _case("d[k], same Point", "__getitem__", "for k in order: d[k]", kind="Point"),
    _case("d[k], equal Point", "__getitem__", "for k in equal: d[k]", kind="Point"),
    _case("d[k], miss", "__getitem__", "for k in absent:\n    try: d[k]\n    except KeyError: pass"),
    _case("get", "get", "for k in order: d.get(k)"),
    _case("get, equal Point", "get", "for k in equal: d.get(k)", kind="Point"),
    _case("get, miss", "get", "for k in absent: d.get(k)"),
    _case("k in d", "__contains__", "for k in order: k in d"),
    _case("k in d, equal Point", "__contains__", "for k in equal: k in d", kind="Point"),
    _case("k in d, miss", "__contains__", "for k in absent: k in d"),
    _case("d[k] = v, replaced", "__setitem__", "for k in order: d[k] = 2"),
    _case("d[k] = v, equal Point replaced", "__setitem__", "for k in equal: d[k] = 2", kind="Point"),
    _new("d[k] = v, new", "__setitem__", "for k in keys: new[k] = 1"),
    _new("d[k] = v, new Point", "__setitem__", "for k in keys: new[k] = 1", kind="Point"),
    _case("setdefault, present", "setdefault", "for k in order: d.setdefault(k, 1)"),
    _new("setdefault, new", "setdefault", "for k in keys: new.setdefault(k, 1)"),
    _case("del d[k]", "__delitem__", "for k in order: del new[k]", "new = filled(keys)"),
    _case("pop", "pop", "for k in order: new.pop(k)", "new = filled(keys)"),
    _case("pop, miss", "pop", "for k in absent: d.pop(k, None)"),
    _case("popitem", "popitem", "for _ in numbers: new.popitem()", "new = filled(keys)"),
    _case("clear", "clear", "new.clear()", "new = filled(keys)"),
    *_deaths("while victims: del new[victims.pop()]"),
    _case("for k in d", "__iter__", "for k in d: pass"),
    _case("keys()", "keys", "for k in d.keys(): pass"),
    _case("values()", "values", "for v in d.values(): pass"),
    _case("items()", "items", "for k, v in d.items(): pass"),
    _case("list(d)", "__iter__", "list(d)"),
    _case("first key", "__iter__", "next(iter(d))", per="call"),
    _case("keyrefs()", "keyrefs", "d.keyrefs()", strong="list(d)"),
    _case("len(d)", "__len__", "len(d)", per="call"),
    _case("d == other", "__eq__", "d == twin"),
    _new("from a dict", "__init__", "new = Container(strong)", prepare="pass"),
    _new("update", "update", "new.update(strong)"),
    _new("d |= dict", "__ior__", "new |= strong"),
    _new("d | dict", "__or__", "new = d | strong", prepare="pass"),
    _new("dict | d", "__ror__", "new = strong | d", prepare="pass"),
    _new("copy", "copy", "new = d.copy()", prepare="pass"),
    _case("one pass of the collector", "traversal", "collect()", "d"),
    _together("d[k]", "__getitem__", "for k in order: d[k]"),
    _together("k in d", "__contains__", "for k in order: k in d"),
    _together("for k in d", "__iter__", "for k in d: pass"),
    _come_and_go("d[k] = v, then k dies", "d[one] = 1", "del d[one]"),
)

_MILLION = {"entries": 1_000_000}

# The standard way is a `WeakKeyDictionary`. It keeps what refers to its own key for ever, but collects it alike.
EPHEMERON_DICTIONARY = _group(
    "EphemeronDictionary",
    _case("d[k]", "__getitem__", "for k in order: d[k]"),
    _case("get", "get", "for k in order: d.get(k)"),
    _case("d[k] = v, replaced", "__setitem__", "for k in order: d[k] = 2"),
    _new("d[k] = v, new", "__setitem__", "for k in keys: new[k] = 1"),
    _case(
        "one dies",
        "death",
        "while victims: victims.pop()",
        _EACH,
        "while victims: del new[victims.pop()]",
        _EACH + _REFERENCES,
    ),
    _case("one pass, numbers", "traversal", "collect()", "d", **_MILLION),
    _case("one pass, lists with the key", "traversal", "collect()", "with_circles", **_MILLION),
    _case("one pass, the same shuffled", "traversal", "collect()", "shuffled_circles", **_MILLION),
)

WEAK_VALUE_DICTIONARY = _group(
    "WeakValueDictionary",
    _case("d[k], same str", "__getitem__", "for k in order: d[k]"),
    _case("d[k], equal str", "__getitem__", "for k in equal: d[k]"),
    _case("d[k], equal int", "__getitem__", "for k in equal: d[k]", kind="int"),
    _case("d[k], equal tuple", "__getitem__", "for k in equal: d[k]", kind="tuple"),
    _case("d[k], equal Point", "__getitem__", "for k in equal: d[k]", kind="Point"),
    _case("d[k], same object", "__getitem__", "for k in order: d[k]", kind="object"),
    _case("d[k], miss", "__getitem__", "for k in absent:\n    try: d[k]\n    except KeyError: pass"),
    _case("get, same str", "get", "for k in order: d.get(k)"),
    _case("get, equal str", "get", "for k in equal: d.get(k)"),
    _case("get, equal int", "get", "for k in equal: d.get(k)", kind="int"),
    _case("get, miss", "get", "for k in absent: d.get(k)"),
    _case("k in d, same str", "__contains__", "for k in order: k in d"),
    _case("k in d, equal str", "__contains__", "for k in equal: k in d"),
    _case("k in d, miss", "__contains__", "for k in absent: k in d"),
    _case("d[k] = v, replaced", "__setitem__", "for k, v in strong.items(): d[k] = v"),
    _new("d[k] = v, new", "__setitem__", "for k, v in strong.items(): new[k] = v"),
    _new("d[k] = v, new int", "__setitem__", "for k, v in strong.items(): new[k] = v", kind="int"),
    _case("setdefault, present", "setdefault", "for k, v in strong.items(): d.setdefault(k, v)"),
    _new("setdefault, new", "setdefault", "for k, v in strong.items(): new.setdefault(k, v)"),
    _case("del d[k]", "__delitem__", "for k in order: del new[k]", "new = filled(values)"),
    _case("pop", "pop", "for k in order: new.pop(k)", "new = filled(values)"),
    _case("pop, miss", "pop", "for k in absent: d.pop(k, None)"),
    _case("popitem", "popitem", "for _ in numbers: new.popitem()", "new = filled(values)"),
    _case("clear", "clear", "new.clear()", "new = filled(values)"),
    *_deaths("for k in order: del new[k]", _ALL + _REFERENCES + "\nvictims = None"),
    _case("for k in d", "__iter__", "for k in d: pass"),
    _case("keys()", "keys", "for k in d.keys(): pass"),
    _case("values()", "values", "for v in d.values(): pass"),
    _case("items()", "items", "for k, v in d.items(): pass"),
    _case("list(d.values())", "values", "list(d.values())"),
    _case("first value", "values", "next(iter(d.values()))", per="call"),
    _case("valuerefs()", "valuerefs", "d.valuerefs()", strong="list(d.values())"),
    _case("itervaluerefs()", "itervaluerefs", "for r in d.itervaluerefs(): pass", strong="for v in d.values(): pass"),
    _case("len(d)", "__len__", "len(d)", per="call"),
    _case("d == other", "__eq__", "d == twin"),
    _new("from a dict", "__init__", "new = Container(strong)", prepare="pass"),
    _new("update", "update", "new.update(strong)"),
    _new("d |= dict", "__ior__", "new |= strong"),
    _new("d | dict", "__or__", "new = d | strong", prepare="pass"),
    _new("dict | d", "__ror__", "new = strong | d", prepare="pass"),
    _new("copy", "copy", "new = d.copy()", prepare="pass"),
    _case("one pass of the collector", "traversal", "collect()", "d"),
    _together("d[k], same str", "__getitem__", "for k in order: d[k]"),
    _together("d[k], equal tuple", "__getitem__", "for k in equal: d[k]", kind="tuple"),
    _together("k in d, same str", "__contains__", "for k in order: k in d"),
    _together("values()", "values", "for v in d.values(): pass"),
    _come_and_go("d[k] = v, then v dies", "d[id(one)] = one", "del d[id(one)]"),
    kind="str",
)

WEAK_SET = _group(
    "WeakSet",
    _case("x in s", "__contains__", "for x in order: x in s"),
    _case("x in s, same Point", "__contains__", "for x in order: x in s", kind="Point"),
    _case("x in s, equal Point", "__contains__", "for x in equal: x in s", kind="Point"),
    _case("x in s, miss", "__contains__", "for x in absent: x in s"),
    _case("add, present", "add", "for x in order: s.add(x)"),
    _new("add, new", "add", "for x in keys: new.add(x)"),
    _new("add, new Point", "add", "for x in keys: new.add(x)", kind="Point"),
    _case("remove", "remove", "for x in order: new.remove(x)", "new = filled(keys)"),
    _case("discard", "discard", "for x in order: new.discard(x)", "new = filled(keys)"),
    _case("discard, miss", "discard", "for x in absent: s.discard(x)"),
    _case("pop", "pop", "for _ in numbers: new.pop()", "new = filled(keys)"),
    _case("clear", "clear", "new.clear()", "new = filled(keys)"),
    *_deaths("while victims: new.remove(victims.pop())"),
    _case("for x in s", "__iter__", "for x in s: pass"),
    _case("list(s)", "__iter__", "list(s)"),
    _case("first element", "__iter__", "next(iter(s))", per="call"),
    _case("len(s)", "__len__", "len(s)", per="call"),
    _new("from a list", "__init__", "new = Container(keys)", prepare="pass"),
    _new("update", "update", "new.update(keys)"),
    _new("copy", "copy", "new = s.copy()", prepare="pass"),
    _new("union", "union", "new = s.union(half)", prepare="pass"),
    _new("intersection", "intersection", "new = s.intersection(half)", prepare="pass"),
    _new("difference", "difference", "new = s.difference(half)", prepare="pass"),
    _new("symmetric_difference", "symmetric_difference", "new = s.symmetric_difference(half)", prepare="pass"),
    _case("s |= other", "__ior__", "new |= half", "new = filled(keys)"),
    _case("s &= other", "__iand__", "new &= half", "new = filled(keys)"),
    _case("s -= other", "__isub__", "new -= half", "new = filled(keys)"),
    _case("s ^= other", "__ixor__", "new ^= half", "new = filled(keys)"),
    _case("issubset", "issubset", "s.issubset(twin)"),
    _case("issuperset", "issuperset", "s.issuperset(twin)"),
    _case("isdisjoint", "isdisjoint", "s.isdisjoint(absent)"),
    _case("s == other", "__eq__", "s == twin"),
    _case("one pass of the collector", "traversal", "collect()", "s"),
    _together("x in s", "__contains__", "for x in order: x in s"),
    _together("for x in s", "__iter__", "for x in s: pass"),
    _come_and_go("add, then it dies", "s.add(one)", "s.remove(one)"),
)

_FINALIZED = "__init__", "for _ in numbers: finalize(Referent(), ignore)"
_CALLED_BACK = "for _ in numbers: kept = ref(Referent(), ignore)"
_FRESH = "objects = fresh()"
_REFERENCED = _FRESH + "\nreferences = bare(objects)"
_WITH_FINALIZERS = _FRESH + "\nmade = finalizers(objects)"

FINALIZE = _group(
    "finalize",
    _case("create and fire", *_FINALIZED, strong=_CALLED_BACK),
    _case("create and fire, a million alive", *_FINALIZED, "crowd", _CALLED_BACK, entries=1000),
    _case("create", "__init__", "made = [finalize(o, ignore) for o in objects]", _FRESH, "made = bare(objects)"),
    _case("fire", "death", "objects.clear()", _WITH_FINALIZERS, strong_prepare=_REFERENCED),
    _case("call", "__call__", "for f in made: f()", _WITH_FINALIZERS, "for _ in numbers: ignore()"),
    _case("detach", "detach", "for f in made: f.detach()", _WITH_FINALIZERS, "references.clear()", _REFERENCED),
    _case("peek", "peek", "for f in made: f.peek()", _WITH_FINALIZERS, "for r in references: r()", _REFERENCED),
    _case("alive", "alive", "for f in made: f.alive", _WITH_FINALIZERS, "for r in references: r()", _REFERENCED),
)

_BOUND = "for _ in numbers: listener.method"
_LISTENING = "objects = listeners()\n"

WEAK_METHOD = _group(
    "WeakMethod",
    _case("create", "__new__", "for _ in numbers: WeakMethod(listener.method)", strong=_BOUND),
    _case("call", "__call__", "for _ in numbers: method()", strong=_BOUND),
    _case("m == other", "__eq__", "for _ in numbers: method == same_method"),
    _case("hash", "__hash__", "for _ in numbers: hash(method)"),
    _case(
        "its object dies",
        "death",
        "objects.clear()",
        _LISTENING + "made = methods(objects)",
        strong_prepare=_LISTENING + "references = bare(objects)",
    ),
)

REFERENCES = _group(
    "ref and proxy",
    _case("ref(o)", "ref", "for o in objects: kept = ref(o)", _FRESH, "for o in objects: kept = o"),
    _case("ref(o, callback)", "ref", "made = bare(objects)", _FRESH, "made = list(objects)"),
    _case(
        "KeyedRef(o, callback, key)",
        "KeyedRef",
        "for o in keys: kept = KeyedRef(o, ignore, 1)",
        strong="for o in keys: kept = ref(o, ignore)",
    ),
    _case("r()", "ref", "for _ in numbers: reference()", strong="for _ in numbers: listener"),
    _case("proxy(o)", "proxy", "for o in objects: kept = proxy(o)", _FRESH, "for o in objects: kept = o"),
    _case("p.attribute", "proxy", "for _ in numbers: stand_in.value"),
)

CASES = [
    *WEAK_KEY_DICTIONARY,
    *EPHEMERON_DICTIONARY,
    *WEAK_VALUE_DICTIONARY,
    *WEAK_SET,
    *FINALIZE,
    *WEAK_METHOD,
    *REFERENCES,
]
