"""``python -m mailcore.imap``: look into a mailbox from the command line."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the program; return its exit code."""
    # The protocol knows no event loop; this program needs one, and only this program.
    try:
        from mailcore.net.imap_program import main as run
    except ModuleNotFoundError as error:
        print(f"mailcore: this program needs {error.name}: install the extra 'serve'")
        return 2
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
