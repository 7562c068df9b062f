"""Who goes first when not everybody can: whoever holds up the longest chain of others.

A squad is done no sooner than its longest chain of agents that wait for one another. So of those who could go
on, the one with the longest chain still ahead goes first; among equals, the order of the DAG. Nobody waits
for ever: a run has finitely many nodes, each takes finitely many turns, and no place is given to anybody
twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def remaining_chains(waits: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """How many nodes the longest chain has that leads from each node down to those that wait for it.

    `waits` are the nodes that have not ended, each with those it waits for, free of circles; who is not among
    them is passed over. Takes time in proportion to nodes and edges.
    """
    above = {name: {up for up in ups if up in waits} for name, ups in waits.items()}
    unknown_below = dict.fromkeys(waits, 0)
    for ups in above.values():
        for up in ups:
            unknown_below[up] += 1
    chains = dict.fromkeys(waits, 1)
    known = [name for name, count in unknown_below.items() if not count]
    while known:
        name = known.pop()
        for up in above[name]:
            chains[up] = max(chains[up], chains[name] + 1)
            unknown_below[up] -= 1
            if not unknown_below[up]:
                known.append(up)
    return chains
