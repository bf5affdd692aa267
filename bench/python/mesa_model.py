"""A model of the agent framework Mesa, in whose sets of agents weak containers are hot: a program to be run unchanged.

    pip install "mesa==3.0.3"
    python bench/python/mesa_model.py
    python -m weakrefs bench/python/mesa_model.py

Agents give money away at random, while the model asks about them as such models do: it shuffles, selects, groups and
sorts them, and collects what they own. It prints a digest of the outcome, which must not depend on who keeps the
agents, and the seconds that it took. Mesa 3.0 keeps every set of agents in a `WeakKeyDictionary`; later versions moved
away from it because of its cost.
"""

import argparse
import hashlib
import time

import mesa


class Person(mesa.Agent):
    def __init__(self, model, district):
        super().__init__(model)
        self.district = district
        self.wealth = 1

    def give(self):
        if self.wealth > 0:
            self.wealth -= 1
            self.random.choice(self.model.people).wealth += 1


class Economy(mesa.Model):
    def __init__(self, size):
        super().__init__(seed=7)
        self.people = [Person(self, district=number % 10) for number in range(size)]

    def step(self):
        self.agents.shuffle_do("give")
        poor = self.agents.select(lambda person: person.wealth == 0)
        self.agents.select(lambda person: person.wealth > 3, at_most=len(poor)).do("give")
        districts = self.agents.groupby("district").map(lambda people: people.agg("wealth", sum))
        richest = self.agents.sort("wealth")[:10]
        self.agents.shuffle(inplace=True)
        return [sorted(districts.items()), [person.unique_id for person in richest], sum(self.agents.get("wealth"))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--agents", type=int, default=5000, metavar="N")
    parser.add_argument("--steps", type=int, default=40, metavar="N")
    arguments = parser.parse_args()
    economy = Economy(arguments.agents)
    digest = hashlib.sha256()
    begin = time.perf_counter()
    for _ in range(arguments.steps):
        digest.update(repr(economy.step()).encode())
    print(f"{digest.hexdigest()[:16]} {time.perf_counter() - begin:.2f} s")


if __name__ == "__main__":
    main()
