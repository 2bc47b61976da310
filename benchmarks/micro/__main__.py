"""``python -m benchmarks.micro [NAME ...]``: all of them, or those that are named."""

from __future__ import annotations

import argparse
import platform

from benchmarks.micro import commits, messages, session

_ALL = {"messages": messages.run, "session": session.run, "commits": commits.run}


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.micro", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(_ALL))
    names = parser.parse_args().names
    if unknown := set(names) - _ALL.keys():
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    print(f"Python {platform.python_version()} on {platform.machine()}")
    for name, run in _ALL.items():
        if not names or name in names:
            run()


main()
