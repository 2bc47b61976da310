"""How fast mailcore is, as ratios to a named peer or to a floor: ``python -m benchmarks``.

Figures of one run can be compared with each other, and with nothing else.
"""
