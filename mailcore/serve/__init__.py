"""The program: ``python -m mailcore.serve``."""
