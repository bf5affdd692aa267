"""Signals of Django, whose receivers and senders are weak: a program to be run unchanged.

    pip install "django>=5.2,<6"
    python bench/python/django_signals.py
    python -m weakrefs bench/python/django_signals.py

Views connect their methods to two signals, one of which caches who receives from whom in a `WeakKeyDictionary`. Models send
both. Some views disconnect, the others die. It prints how many signals were received, which must not depend on who keeps the
references, and the seconds that it took.
"""

import argparse
import time

from django.dispatch import Signal


class Model:
    pass


class View:
    received = 0

    def changed(self, sender, **_):
        View.received += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--views", type=int, default=10, metavar="N")
    parser.add_argument("--models", type=int, default=20, metavar="N")
    parser.add_argument("--requests", type=int, default=1000, metavar="N")
    arguments = parser.parse_args()
    saved, deleted = Signal(use_caching=True), Signal()
    models = [Model() for _ in range(arguments.models)]
    begin = time.perf_counter()
    for _ in range(arguments.requests):
        views = [View() for _ in range(arguments.views)]
        for view in views:
            saved.connect(view.changed)
            deleted.connect(view.changed, sender=models[0])
        for _ in range(5):
            for model in models:
                saved.send(model)
            deleted.send(models[0])
        for view in views[::2]:
            saved.disconnect(view.changed)
            deleted.disconnect(view.changed, sender=models[0])
        del view, views
    print(f"{View.received} {time.perf_counter() - begin:.2f} s")


if __name__ == "__main__":
    main()
