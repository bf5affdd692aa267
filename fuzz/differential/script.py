"""A standalone script that shows one difference: its program, followed by what runs it."""

import re
from pathlib import Path

SUPPORT = (
    *("objects", "owners", "assigned", "tracing", "describe", "implementation"),
    *("forks", "chains", "strikes", "vocabulary", "world", "lockstep"),
)
LOCAL_IMPORT = re.compile(rf"^from ({'|'.join(SUPPORT)}) import .*\n", re.MULTILINE)
DOCSTRING = re.compile(r'\A""".*?"""\n', re.DOTALL)


def standalone(lines, shared, headline):
    program = "\n".join(lines)
    sources = [Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8") for name in SUPPORT]
    support = "\n".join(LOCAL_IMPORT.sub("", DOCSTRING.sub("", source)) for source in sources)
    return f'''"""{headline}

Each line runs with the classes of `weakrefs`, then with those of `weakref`. The exit status is 1
while they differ.
"""

PROGRAM = r"""
{program}
"""
SHARED = {shared}

{support}

if __name__ == "__main__":
    gc.disable()
    difference = Lockstep(ours(), standard(), SHARED).run(PROGRAM.strip().splitlines())
    print(*(difference or ["no difference"]), sep="\\n")
    sys.exit(difference is not None)
'''
