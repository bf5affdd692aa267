"""Pictures of lines, dots and words, written as SVG: small, the same for the same figures, and text stays text.

Colours go by name. A picture follows the scheme of the page that shows it, light or dark, by a rule of its own: that works
wherever pictures are only linked to.
"""

from xml.sax.saxutils import escape

# In the light and in the dark.
COLORS = {
    "paper": ("#ffffff", "#15191f"),
    "text": ("#22223b", "#e6e9ee"),
    "muted": ("#5c656e", "#a3acb7"),
    "faint": ("#e3e6ea", "#333b45"),
    "green": ("#0b7a75", "#2dd4bf"),
    "red": ("#d2603f", "#f08b6c"),
    "blue": ("#5f6caf", "#98a5f0"),
    "grey": ("#8d99ae", "#8592a8"),
}
NARROW, WIDE = "fijlrtI.,:;'|()[] -", "mwMW<>@%+="


def width(words, size):
    """About how wide words are, in a wide one of the fonts that there may be."""
    return size * sum(0.4 if letter in NARROW else 0.85 if letter in WIDE else 0.63 for letter in words)


def _rules(scheme):
    return " ".join(f".{name}{{color:{colors[scheme]}}}" for name, colors in COLORS.items())


STYLE = f"""\
<style>
text {{ font-family: system-ui, sans-serif }}
rect, circle, path, text {{ fill: currentColor }}
polyline {{ fill: none; stroke: currentColor }}
{_rules(0)}
@media (prefers-color-scheme: dark) {{ {_rules(1)} }}
</style>"""


class Picture:
    def __init__(self, width, height, title):
        self._size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
        self._parts = [f'<rect class="paper" width="{width:g}" height="{height:g}"/>']
        self._title = title

    def line(self, points, color, width=1):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(f'<polyline class="{color}" points="{points}" stroke-width="{width:g}"/>')

    def dot(self, x, y, color, radius=4):
        self._parts.append(f'<circle class="{color}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}"/>')

    def arrow(self, x, y, color, to):
        """The head of an arrow whose tip is at a point: to the right, or with -1 to the left."""
        self._parts.append(f'<path class="{color}" d="M{x:.1f} {y:.1f}l{-7 * to:g} -4v8z"/>')

    def text(self, x, y, words, color="text", size=13, anchor="start", weight="normal"):
        style = f'font-size="{size:g}" text-anchor="{anchor}" font-weight="{weight}"'
        self._parts.append(f'<text class="{color}" x="{x:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>')

    def save(self, file):
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {self._size} role="img">'
        with open(file, "w", encoding="utf-8") as stream:
            stream.write("\n".join([head, f"<title>{escape(self._title)}</title>", STYLE, *self._parts, "</svg>\n"]))
