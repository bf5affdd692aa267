"""What the samples say of types: `assert_type` on every interpreter, and `is_exactly`, which no checker narrows by.

3.10 has no `assert_type`, and `typing_extensions` is a need of type checkers alone.
"""

from typing import TYPE_CHECKING

__all__ = ["assert_type", "is_exactly"]

if TYPE_CHECKING:
    from typing_extensions import assert_type
else:

    def assert_type(value, expected, /):
        """Give `value` back; what its type is, the type checker has seen to."""
        return value


def is_exactly(value: object, cls: type) -> bool:
    """Whether `cls` itself is the class of `value`."""
    return type(value) is cls
