"""Pieces of mailcore by themselves, beside a floor: ``python -m benchmarks.micro``."""
