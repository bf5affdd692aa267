"""Pictures of lines, dots and words, written as SVG: small, the same for the same figures, and text stays text."""

from xml.sax.saxutils import escape

TEXT, MUTED, FAINT = "#22223b", "#6c757d", "#e9ecef"


class Picture:
    def __init__(self, width, height):
        self._size = f"{width:g} {height:g}"
        self._parts = []
        self.rectangle(0, 0, width, height, "white")

    def rectangle(self, x, y, width, height, color):
        self._parts.append(f'<rect x="{x:g}" y="{y:g}" width="{width:.5g}" height="{height:g}" fill="{color}"/>')

    def line(self, points, color, width=1):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="{width:g}"/>')

    def dot(self, x, y, color, radius=4):
        self._parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{color}"/>')

    def text(self, x, y, words, color=TEXT, size=13, anchor="start", weight="normal"):
        style = f'font-size="{size:g}" text-anchor="{anchor}" font-weight="{weight}" fill="{color}"'
        self._parts.append(f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>')

    def save(self, file):
        width, height = self._size.split()
        head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {self._size}"'
        with open(file, "w", encoding="utf-8") as stream:
            stream.write("\n".join([f'{head} font-family="sans-serif">', *self._parts, "</svg>\n"]))
