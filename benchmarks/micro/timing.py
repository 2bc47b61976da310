"""Measuring work side by side, so that a busy machine slows all of it alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

_ROUNDS = 5


def side_by_side(title: str, unit: str, work: Mapping[str, Callable[[], int]]) -> None:
    """Run each piece of work in turn, several times over, and print the median rates.

    Arguments:
        title: what is measured.
        unit: what the work counts.
        work: by name; each returns how many units it did. Ratios are to the first.
    """
    rates: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(_ROUNDS):
        for name, run in work.items():
            start = time.perf_counter()
            count = run()
            rates[name].append(count / (time.perf_counter() - start))
    print(f"\n{title}  ({unit} a second: median, lowest to highest of {_ROUNDS}; ratio)")
    floor = statistics.median(next(iter(rates.values())))
    for name, found in rates.items():
        middle = statistics.median(found)
        spread = f"{min(found):,.0f} to {max(found):,.0f}"
        print(f"  {name:<44}{middle:>12,.0f}  ({spread})  {middle / floor:.2f}")
