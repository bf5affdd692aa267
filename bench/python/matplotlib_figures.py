"""Figures of matplotlib, which knows axes, callbacks and managers by weak references: a program to be run unchanged.

    pip install matplotlib
    python bench/python/matplotlib_figures.py
    python -m weakrefs bench/python/matplotlib_figures.py

It makes figures with four plots each, in which axes are shared, draws them, and lets them go. It prints a digest of the last
picture, which must not depend on who keeps the references, and the seconds that it took.
"""

import argparse
import hashlib
import time

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--figures", type=int, default=20, metavar="N")
    arguments = parser.parse_args()
    begin = time.perf_counter()
    for _ in range(arguments.figures):
        figure, axes = pyplot.subplots(2, 2, sharex=True, sharey=True)
        for each in axes.flat:
            each.plot(range(10))
            each.set_title("ten")
        axes[0, 0].set_xlim(0, 5)
        figure.canvas.draw()
        picture = hashlib.sha256(figure.canvas.buffer_rgba()).hexdigest()
        pyplot.close(figure)
    print(f"{picture[:16]} {time.perf_counter() - begin:.2f} s")


if __name__ == "__main__":
    main()
