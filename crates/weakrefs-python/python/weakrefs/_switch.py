"""`python -m weakrefs enable` and `disable`: a line in the site directory that lets an environment variable install weakrefs.

`site` runs the line in each interpreter that starts. The line does nothing unless WEAKREFS_INSTALL is 1. It ignores every
error, so a package that is broken or gone keeps no interpreter from starting. The file appears and disappears as a whole,
and nothing but these two commands touches it.
"""

import os
import site
import sys

VARIABLE = "WEAKREFS_INSTALL"
# After `weakrefs.pth`, which is how the package gets on the path where it is installed in place; the order is by name.
NAME = "weakrefs_install.pth"
LINE = (
    f"import os; os.environ.get({VARIABLE!r}) == '1' and "
    "exec('try:\\n from weakrefs._start import switched_on; switched_on()\\nexcept Exception: pass')\n"
)


def enable():
    """Writes the file into the site directory of the package, or else into the first."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    directories = _directories()
    path = os.path.join(package if package in directories else directories[0], NAME)
    unfinished = f"{path}.{os.getpid()}"
    try:
        with open(unfinished, "x", encoding="ascii") as file:
            file.write(LINE)
        os.replace(unfinished, path)
    except OSError as error:
        _remove(unfinished)
        return _failed(error)
    print(
        f"weakrefs: wrote {path}\n"
        f"With {VARIABLE}=1 in its environment, each interpreter of {sys.prefix} now installs weakrefs when it starts.\n"
        "python -m weakrefs disable takes it back."
    )
    return 0


def disable():
    """Removes what `enable` has written, in whichever site directory."""
    paths = _written()
    try:
        for path in paths:
            os.remove(path)
            print(f"weakrefs: removed {path}")
    except OSError as error:
        return _failed(error)
    if not paths:
        print("weakrefs: nothing to remove")
    return 0


def is_enabled():
    return bool(_written())


def _directories():
    """Where `site` looks for such files."""
    return site.getsitepackages() + ([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])


def _written():
    paths = [os.path.join(directory, NAME) for directory in _directories()]
    return [path for path in dict.fromkeys(paths) if os.path.isfile(path)]


def _remove(path):
    try:
        os.remove(path)
    except OSError:
        pass


def _failed(error):
    sys.stderr.write(f"weakrefs: {error}\n")
    return 1
