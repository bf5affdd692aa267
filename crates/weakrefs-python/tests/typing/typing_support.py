"""`assert_type` on every interpreter: 3.10 has none, and `typing_extensions` is a need of type checkers alone."""

from typing import TYPE_CHECKING

__all__ = ["assert_type"]

if TYPE_CHECKING:
    from typing_extensions import assert_type
else:

    def assert_type(value, expected, /):
        """Give `value` back; what its type is, the type checker has seen to."""
        return value
