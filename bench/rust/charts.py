"""The charts of `cargo xtask bench --rust`, from its file of figures: `python charts.py FIGURES CHART`.

They are drawn like those of the Python face, by the same code. What costs 1 is the way that one would take without
weakrefs: `std::sync::Weak`, or, since ours are shared between threads, weak-table in a `Mutex`.
"""

import sys

from weakrefs._bench import plot
from weakrefs._bench.results import Results

RUST = plot.Comparison(
    "What weak references and containers cost in Rust",
    {
        "weakrefs": ("weakrefs", plot.OURS),
        "weak-table": ("weak-table, one thread", plot.STANDARD),
        "DashMap<K, Weak>": ("DashMap<K, Weak<V>>", "#5f6caf"),
        "std": ("std::sync::Weak, Mutex<weak-table>", plot.STRONG),
        "Mutex<weak-table>": ("std::sync::Weak, Mutex<weak-table>", plot.STRONG),
    },
    ("std", "Mutex<weak-table>"),
    ("std, Mutex", "std::sync::Weak, or of weak-table in a Mutex"),
)


class Figures(Results):
    """The first chart shows the smallest size, and what has none; that of growth, all sizes of what has several."""

    TITLE = "weakrefs {weakrefs}, Rust {rust}, {machine}, {date}"

    @property
    def sizes(self):
        return sorted({row.entries for row in self.rows if row.entries > 1})

    def of(self, part):
        if part == "growth":
            return [row for row in self.rows if row.entries > 1] if len(self.sizes) > 1 else []
        return [row for row in self.rows if row.entries <= min(self.sizes, default=1)]

    def times(self):
        return {min(self.sizes, default=1): self.of("time")}


if __name__ == "__main__":
    figures, chart = sys.argv[1:]
    plot.draw(Figures.load(figures), chart, RUST)
