"""How the commands are declared."""

from __future__ import annotations

import argparse

from mailcore.serve.admin import Command

Commands = argparse._SubParsersAction  # argparse has no public name for it


def group(
    commands: Commands[argparse.ArgumentParser], name: str, help: str
) -> Commands[argparse.ArgumentParser]:
    """Add a word that others follow: ``queue list``."""
    parser = commands.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
    return parser.add_subparsers(title="commands", metavar="COMMAND", required=True)


def word(
    commands: Commands[argparse.ArgumentParser], name: str, run: Command, help: str
) -> argparse.ArgumentParser:
    """Add a command; its arguments are for the caller to add."""
    parser = commands.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
    parser.set_defaults(run=run)
    return parser


def organization(parser: argparse.ArgumentParser) -> None:
    """Add ``--organization``."""
    parser.add_argument(
        "--organization", metavar="ID", help="id or name; not needed where there is only one"
    )
