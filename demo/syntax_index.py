"""An index of the standard library's own syntax, as a linter or a language server would keep one.

It parses the modules of the running interpreter's standard library and works out, in several passes, each node's
parent, depth, scope, symbol, type and more. Maps with weak keys hold these facts beside the node, so a dropped tree takes
all of them along. Maps with weak values share symbols and types. Weak sets connect symbols with their uses, and modules
with their importers. Weak methods tell importers of changes, and finalizers watch the files. Then the program edits modules,
closes them one by one, and drops the rest at once. Each time exactly what belonged to them has to be gone.

The program imports nothing but the standard library. Its last line of output is a JSON object; the same modules give
the same `answer`.
"""

import argparse
import ast
import collections
import contextlib
import gc
import hashlib
import json
import os
import sys
import sysconfig
import time
import warnings
import weakref

SKIPPED = {"site-packages", "dist-packages", "test", "tests", "idle_test", "__pycache__"}
SHARED = (
    ast.expr_context,
    ast.boolop,
    ast.operator,
    ast.unaryop,
    ast.cmpop,
)  # one node for all trees, which never dies
FUNCTIONS = {ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda}
SCOPES = FUNCTIONS | {ast.ClassDef, ast.Module, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp}
LOOPS = {ast.For, ast.AsyncFor, ast.While, ast.comprehension}
BRANCHES = LOOPS | {ast.If, ast.IfExp, ast.ExceptHandler, ast.BoolOp, ast.Assert}
WEIGHED = BRANCHES | {ast.Name, ast.Call, ast.Attribute, ast.Subscript}
EDITED, CLOSED = 8, 2  # every 8th file, every 2nd file
PASSES = ("link", "place", "resolve", "infer", "measure", "navigate")


class Type:
    """What is known of an expression's value, one object for each description."""

    def __init__(self, description):
        self.description = description


class Symbol:
    """What a name stands for, one object for each qualified name."""

    def __init__(self, name):
        self.name = name
        self.kinds = collections.Counter()
        self.types = {}
        self.definitions = weakref.WeakSet()
        self.uses = weakref.WeakSet()


class Scope:
    """The names that a module, class, function or comprehension defines."""

    def __init__(self, name, outer, is_class=False):
        self.name = name
        self.outer = outer
        self.is_class = is_class
        self.symbols = {}


class Module:
    """An open file. It hears from the modules that it imports when they change."""

    def __init__(self, name, path, tree):
        self.name = name
        self.path = path
        self.nodes = [tree]  # in the end all of the tree's, parents first
        self.importers = weakref.WeakSet()
        self.listeners = []
        self.outdated = collections.Counter()

    def listen_to(self, other):
        if self not in other.importers:
            other.importers.add(self)
            other.listeners.append(weakref.WeakMethod(self.note_change))

    def note_change(self, other):
        self.outdated[other.name] += 1

    def announce_change(self):
        """Tells the importers that are still there; gives their number."""
        methods = [method for listener in self.listeners if (method := listener()) is not None]
        for method in methods:
            method(self)
        return len(methods)


class Index:
    """All that is known. Nothing in it keeps a node alive: a value that did would hold the whole tree."""

    def __init__(self):
        self.parent = weakref.WeakKeyDictionary()  # node -> weak reference to its parent
        self.depth = weakref.WeakKeyDictionary()  # node -> number of ancestors
        self.opened = weakref.WeakKeyDictionary()  # node that opens a scope -> that Scope
        self.scope = weakref.WeakKeyDictionary()  # node -> Scope that it stands in
        self.symbol = weakref.WeakKeyDictionary()  # node that defines or uses a name -> Symbol
        self.type = weakref.WeakKeyDictionary()  # expression -> Type
        self.loops = weakref.WeakKeyDictionary()  # node that takes time -> number of loops around it in its function
        self.statement = weakref.WeakKeyDictionary()  # expression -> weak reference to the statement that it is part of
        self.definition = weakref.WeakKeyDictionary()  # use of a name -> weak reference to its nearest definition
        self.branches = weakref.WeakKeyDictionary()  # function or module -> number of branches in it
        self.modules = weakref.WeakValueDictionary()  # name -> Module
        self.symbols = weakref.WeakValueDictionary()  # qualified name -> Symbol
        self.types = weakref.WeakValueDictionary()  # description -> Type

    def sizes(self):
        return {name: len(container) for name, container in vars(self).items()}

    def intern(self, shared, kind, name):
        found = shared.get(name)
        if found is None:
            shared[name] = found = kind(name)
        return found

    # The passes over a module's tree

    def link(self, module):
        """All nodes of the tree, each one's parent and depth."""
        self.depth[module.nodes[0]] = 0
        for node in module.nodes:
            up, depth = weakref.ref(node), self.depth[node] + 1
            for child in ast.iter_child_nodes(node):
                if not isinstance(child, SHARED):
                    module.nodes.append(child)
                    self.parent[child] = up
                    self.depth[child] = depth

    def place(self, module):
        """The scopes, the scope that each node stands in, and what the scopes define."""
        self.opened[module.nodes[0]] = Scope(module.name, None)
        for node in module.nodes[1:]:
            parent = self.parent[node]()
            scope = self.opened.get(parent) or self.scope[parent]
            self.scope[node] = scope
            if type(node) in SCOPES:
                name = f"{scope.name}.{getattr(node, 'name', type(node).__name__.lower())}"
                self.opened[node] = Scope(name, scope, isinstance(node, ast.ClassDef))
            definition = DEFINITIONS.get(type(node))
            if definition is not None:
                name, kind = definition(node)
                if name is not None:
                    self.define(node, scope, name, kind)

    def define(self, node, scope, name, kind):
        symbol = scope.symbols.get(name)
        if symbol is None:
            scope.symbols[name] = symbol = self.intern(self.symbols, Symbol, f"{scope.name}.{name}")
        symbol.kinds[kind] += 1
        symbol.definitions.add(node)
        self.symbol[node] = symbol

    def resolve(self, module):
        """Which symbol each name means, and which modules this one listens to."""
        for node in module.nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                symbol = self.look_up(self.scope[node], node.id)
                self.symbol[node] = symbol
                symbol.uses.add(node)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                for name in imported(node, module.name):
                    other = self.modules.get(name)
                    if other is not None and other is not module:
                        module.listen_to(other)

    def look_up(self, scope, name):
        innermost = scope
        while scope is not None:
            symbol = scope.symbols.get(name)
            if symbol is not None and (scope is innermost or not scope.is_class):
                return symbol
            scope = scope.outer
        return self.intern(self.symbols, Symbol, f"builtins.{name}")

    def infer(self, module):
        """The type of each expression, from those of its parts; what is assigned to a name is a type of its symbol."""
        for node in reversed(module.nodes):
            if isinstance(node, ast.expr):
                describe = DESCRIPTIONS.get(type(node))
                description = "object" if describe is None else describe(self, node)
                self.type[node] = self.intern(self.types, Type, description)
        for node in module.nodes:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    symbol = self.symbol.get(target)
                    if symbol is not None:
                        symbol.types[self.type[node.value]] = None

    def union(self, nodes):
        parts = sorted({self.type[node].description for node in nodes})
        return " | ".join(parts) if len(parts) <= 3 and sum(map(len, parts)) < 80 else "object"

    def measure(self, module):
        """The loops around each node that takes time, and the branches of each function."""
        for node in module.nodes:
            kind = type(node)
            if kind in WEIGHED:
                loops, function = 0, self.parent[node]()
                while type(function) not in FUNCTIONS and function is not module.nodes[0]:
                    loops += type(function) in LOOPS
                    function = self.parent[function]()
                self.loops[node] = loops
                if kind in BRANCHES:
                    self.branches[function] = self.branches.get(function, 0) + 1

    def navigate(self, module):
        """From each expression to its statement, and from each use to the nearest definition, as editors go."""
        for node in module.nodes:
            if isinstance(node, ast.expr):
                up = self.parent[node]
                while isinstance(up(), ast.expr):
                    up = self.parent[up()]
                self.statement[node] = up
            if type(node) is ast.Name and isinstance(node.ctx, ast.Load):
                definitions = self.symbol[node].definitions
                if definitions:
                    ways = [
                        (self.distance(node, found), found.lineno, found.col_offset, found) for found in definitions
                    ]
                    self.definition[node] = weakref.ref(min(ways, key=lambda way: way[:3])[3])

    def distance(self, one, other):
        """The number of steps from a node to another, by way of the lowest node above both, or of both roots."""
        steps = 0
        while one is not other:
            if self.depth[one] < self.depth[other]:
                one, other = other, one
            if one not in self.parent:
                return steps + self.depth[other]
            one = self.parent[one]()
            steps += 1
        return steps

    def outline(self):
        """How much is known, and who knows whom."""
        modules = {
            name: [sorted(importer.name for importer in module.importers), module.outdated]
            for name, module in self.modules.items()
        }
        return [self.sizes(), sum(self.depth.values()), sum(self.loops.values()), modules]

    def details(self):
        """What the passes have found, in a form that depends neither on addresses nor on the order of a set."""
        shape = collections.Counter((type(node), depth) for node, depth in self.depth.items())
        shape = sorted((kind.__name__, depth, count) for (kind, depth), count in shape.items())
        places = sorted((scope.name, count) for scope, count in collections.Counter(self.scope.values()).items())
        types = sorted((found.description, count) for found, count in collections.Counter(self.type.values()).items())
        ways = sum((node.lineno - up().lineno) * node.col_offset for node, up in self.definition.items())
        branches = sorted((count, self.opened[node].name) for node, count in self.branches.items())
        symbols = {
            name: [
                sorted(symbol.kinds.items()),
                sorted(found.description for found in symbol.types),
                sum(node.lineno for node in symbol.definitions),
                sum(node.lineno * 100 + node.col_offset for node in symbol.uses),
            ]
            for name, symbol in self.symbols.items()
        }
        return [shape, places, types, ways, branches, symbols]


# The name that a node defines in its scope, if any, and as what
DEFINITIONS = {
    ast.FunctionDef: lambda node: (node.name, "function"),
    ast.AsyncFunctionDef: lambda node: (node.name, "function"),
    ast.ClassDef: lambda node: (node.name, "class"),
    ast.Name: lambda node: (None if isinstance(node.ctx, ast.Load) else node.id, "variable"),
    ast.arg: lambda node: (node.arg, "parameter"),
    ast.alias: lambda node: ((node.asname or node.name).partition(".")[0], "import"),
    ast.ExceptHandler: lambda node: (node.name, "variable"),
}


def describe_call(index, node):
    symbol = index.symbol.get(node.func)
    return "object" if symbol is None else f"what {symbol.name} gives"


def describe_name(index, node):
    symbol = index.symbol.get(node)
    return "object" if symbol is None else "/".join(sorted(symbol.kinds)) or "builtin"


# The type of an expression, from those of its parts in the index
DESCRIPTIONS = {
    ast.Constant: lambda index, node: type(node.value).__name__,
    ast.List: lambda index, node: f"list[{index.union(node.elts)}]",
    ast.Tuple: lambda index, node: f"tuple[{index.union(node.elts)}]",
    ast.Set: lambda index, node: f"set[{index.union(node.elts)}]",
    ast.Dict: lambda index, node: f"dict[{index.union(filter(None, node.keys))}: {index.union(node.values)}]",
    ast.JoinedStr: lambda index, node: "str",
    ast.Compare: lambda index, node: "bool",
    ast.UnaryOp: lambda index, node: "bool" if isinstance(node.op, ast.Not) else index.union([node.operand]),
    ast.BinOp: lambda index, node: index.union([node.left, node.right]),
    ast.BoolOp: lambda index, node: index.union(node.values),
    ast.IfExp: lambda index, node: index.union([node.body, node.orelse]),
    ast.NamedExpr: lambda index, node: index.union([node.value]),
    ast.Call: describe_call,
    ast.Name: describe_name,
}


def imported(node, importer):
    """The modules that an import statement may mean."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    package = importer.split(".")[: -node.level] if node.level else []
    base = ".".join([*package, *filter(None, [node.module])])
    return [base, *(f"{base}.{alias.name}" for alias in node.names)]


def standard_library(limit):
    """Names and paths of the first `limit` modules."""
    root = sysconfig.get_path("stdlib")
    found = []
    for directory, subdirectories, files in os.walk(root):
        subdirectories[:] = [name for name in subdirectories if name not in SKIPPED]
        for file in files:
            if file.endswith(".py"):
                path = os.path.join(directory, file)
                name = os.path.relpath(path, root)[:-3].replace(os.sep, ".")
                found.append((name.removesuffix(".__init__"), path))
    return sorted(found)[:limit]


def parse(path):
    """The file's tree; None if it is no Python of this version, such as a fixture or a template."""
    with open(path, "rb") as file:
        source = file.read()
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return None


class Run:
    """The whole job: its phases with their times, its progress, its checks, and the digest of all that it found."""

    def __init__(self, files):
        self.files = files
        self.index = Index()
        self.open = []  # the only strong references to the modules, and so to their trees
        self.closed = []  # names of files, told by their finalizers
        self.trees = []  # names of files whose trees went, told by their finalizers
        self.digest = hashlib.sha256()
        self.seconds = collections.Counter()  # by phase
        self.done = 0  # steps
        self.counts = {"files": len(files)}

    def whole(self):
        self.parse()
        self.analyse()
        for phase in (self.report, self.edit, self.close, self.drop):
            with self.timed(phase.__name__):
                phase()

    @contextlib.contextmanager
    def timed(self, phase):
        begun = time.perf_counter()
        yield
        self.seconds[phase] += time.perf_counter() - begun

    def steps(self, label, items):
        """The items, with a line of progress now and then."""
        total = sum(len(self.files[::stride]) for stride in (1, 1, EDITED, CLOSED))
        for item in items:
            if self.done % 20 == 0:
                print("progress", self.done, total, label, file=sys.stderr, flush=True)
            self.done += 1
            yield item

    def add_to_answer(self, what):
        self.digest.update(json.dumps(what, sort_keys=True).encode())

    def parse(self):
        for name, path in self.steps("parse", self.files):
            with self.timed("parse"):
                tree = parse(path)
            if tree is not None:
                module = Module(name, path, tree)
                self.open.append(module)
                self.index.modules[name] = module
                weakref.finalize(module, self.closed.append, name)
                weakref.finalize(tree, self.trees.append, module.name)
        self.counts["modules"] = len(self.open)

    def analyse(self):
        for module in self.steps("analyse", self.open):
            for name in PASSES:
                with self.timed(name):
                    getattr(self.index, name)(module)

    def report(self):
        self.counts |= self.index.sizes()
        self.counts["uses"] = sum(len(symbol.uses) for symbol in self.index.symbols.values())
        self.counts["unused"] = sum(not symbol.uses for symbol in self.index.symbols.values())
        self.add_to_answer([self.index.outline(), self.index.details()])

    def edit(self):
        """Saves some files: tells the importers, drops the tree, and analyses a new one."""
        told, before = 0, self.index.sizes()
        for module in self.steps("edit", self.open[::EDITED]):
            told += module.announce_change()
            known, size = len(self.index.depth), len(module.nodes)
            module.nodes = None
            self.check_evicted(module.name, known, size)
            module.nodes = [parse(module.path)]
            weakref.finalize(module.nodes[0], self.trees.append, module.name)
            for name in PASSES:
                getattr(self.index, name)(module)
        self.check(self.index.sizes() == before, "an unchanged file changed the index")
        self.counts |= {"edited": len(self.open[::EDITED]), "told": told}
        self.add_to_answer(self.index.outline())

    def close(self):
        """Some files are closed, one after the other."""
        order = [module.name for module in self.open[::CLOSED]]
        for name in self.steps("close", order):
            module = self.index.modules[name]
            known, size = len(self.index.depth), len(module.nodes)
            self.open.remove(module)
            del module
            self.check(name not in self.index.modules, f"{name} is still open")
            self.check_evicted(name, known, size)
        self.check(self.closed == order, "finalizers out of order")
        self.add_to_answer([self.index.outline(), self.closed])

    def drop(self):
        """The rest goes at once, and with it all that is known."""
        self.open.clear()
        gc.collect()
        left = {name: size for name, size in self.index.sizes().items() if size}
        self.check(not left, f"still there after all died: {left}")
        self.check(len(self.closed) == len(set(self.closed)) == self.counts["modules"], "finalizers of files")
        self.check(len(self.trees) == self.counts["modules"] + self.counts["edited"], "finalizers of trees")
        self.add_to_answer([self.closed, self.counts])

    def check_evicted(self, name, known, size):
        gone = known - len(self.index.depth)
        self.check(gone == size, f"{name}: {size} nodes went, {gone} entries")
        roots = len(self.index.depth) - len(self.index.parent)
        self.check(roots <= len(self.open), f"{name}: {roots} trees are left, {len(self.open)} are open")

    def check(self, holds, complaint):
        if not holds:
            sys.exit(f"eviction incomplete: {complaint}")


def peak_kib():
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def resident_kib():
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    except OSError:
        return None


def main():
    options = argparse.ArgumentParser(description="Index the syntax of the standard library, then let it all die.")
    options.add_argument("--modules", type=int, metavar="N", help="only the first N modules")
    files = standard_library(options.parse_args().modules)
    warnings.simplefilter("ignore")  # what the compiler thinks of the sources
    gc.set_threshold(200_000, 30, 30)  # millions of objects live long here, as in any type checker
    begun = time.perf_counter()
    run = Run(files)
    run.whole()
    seconds = time.perf_counter() - begun
    result = {
        "answer": run.digest.hexdigest(),
        "phases": [[phase, round(spent, 3)] for phase, spent in run.seconds.items()],
        "seconds": round(seconds, 3),
        "peak_kib": peak_kib(),
        "after_kib": resident_kib(),
        "counts": run.counts,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
