"""Where results are written to, looked at before anything is measured."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path


def writable_directory(text: str) -> Path:
    """Make a directory if it is not there; an error now is better than one after the measuring.

    Raises:
        argparse.ArgumentTypeError: it can not be made, or nothing can be written there.
    """
    directory = Path(text)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=directory).close()
    except OSError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return directory
