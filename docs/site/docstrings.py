"""Docstrings as Markdown (an extension of Griffe): to the site `>>>` would be a quotation, and `*args, **kwargs` emphasis."""

import re

import griffe

# An example, a span of code, a star in the text.
SPECIAL = re.compile(r"^>>> .*(?:\n.+)*|`[^`]*`|\*", re.MULTILINE)


def as_markdown(found):
    text = found[0]
    if text.startswith(">>>"):
        return f"```pycon\n{text}\n```"
    return "\\*" if text == "*" else text


class Docstrings(griffe.Extension):
    def on_object(self, *, obj, **kwargs):
        if obj.docstring:
            obj.docstring.value = SPECIAL.sub(as_markdown, obj.docstring.value)
