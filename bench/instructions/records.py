"""The counts on record, and what has become of them. A ratio to the strong container's instructions is what counts."""

import json
from pathlib import Path

from _bench.tables import ratio, table

FILE = Path(__file__).with_name("records.json")
TOLERANCE = 0.05  # by how much a ratio may differ from the one on record


def read():
    return json.loads(FILE.read_text("utf-8"))


def write(records):
    """A line for each operation, for people to compare."""
    subjects = []
    for subject, costs in sorted(records.items()):
        lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(cost)}" for name, cost in sorted(costs.items()))
        subjects.append(f" {json.dumps(subject)}: {{\n{lines}\n }}")
    FILE.write_text("{\n" + ",\n".join(subjects) + "\n}\n", "utf-8")


def compare(subject, counts, recorded):
    """Prints the counts beside those on record, and gives the outcome. What is worse has failed, and so has what is on
    record but was not counted: nobody would notice if it got worse."""
    passed, better, new, failures, lines = 0, 0, 0, [], []
    for name, (ours, strong) in counts.items():
        now, before, change = ours / strong, None, None
        if name in recorded:
            before = recorded[name][0] / recorded[name][1]
            change = now / before - 1
            better += change < -TOLERANCE
            passed += change <= TOLERANCE
        else:
            new += 1
        if change and change > TOLERANCE:
            failures.append(f"{name}: {before:.2f} -> {now:.2f}")
        changed = "" if change is None else f"{change:+.1%}"
        lines.append([name, f"{ours:.1f}", f"{strong:.1f}", ratio(now), ratio(before), changed])
    print(f"{subject}, instructions each time\n")
    print(table(["operation", "weakrefs", "strong", "ratio", "on record", "change"], lines), end="\n\n")
    failures += [f"{name}: on record, but not counted" for name in recorded if name not in counts]
    print(*failures, sep="\n")
    notes = failures[:1] + [f"and {len(failures) - 1} more"] * (len(failures) > 1)
    notes += [f"{better} better: --update records them"] * bool(better)
    notes += [f"{new} without record for {subject}: --update records them"] * bool(new)
    return {"passed": passed, "failed": len(failures), "skipped": new, "note": "; ".join(notes)}
