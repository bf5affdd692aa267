"""The methods of `finalize`, described: native code does what they say."""

from ._weakrefs import finalize, put_methods


class _Described:
    def detach(self):
        """If alive, mark as dead and return (obj, func, args, kwargs); otherwise return None."""

    def peek(self):
        """If alive, return (obj, func, args, kwargs); otherwise return None."""


finalize.detach = _Described.detach
finalize.peek = _Described.peek
put_methods(finalize)
