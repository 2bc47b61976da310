"""Pages that are made of the code's own tables, so that they can not say anything else."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import mailcore.limits
from mailcore.imap import state as imap_state
from mailcore.imap.session.capabilities import Row, When
from mailcore.imap.session.capability_table import CAPABILITIES
from mailcore.smtp import state as smtp_state
from mailcore.smtp.session.extensions import TABLE

_WHEN = {When.BEFORE: "before login", When.AFTER: "after login", When.ALWAYS: "always"}


class _Generated(SphinxDirective):
    """A directive that is Markdown made by a function."""

    make: ClassVar[Any]

    def run(self) -> list[nodes.Node]:
        lines = StringList([*type(self).make()], source=type(self).__name__)
        node = nodes.section()
        node.document = self.state.document
        self.state.nested_parse(lines, self.content_offset, node)
        return node.children


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    columns = list(head)
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def capabilities() -> Iterator[str]:
    """The capabilities of IMAP."""

    def row(one: Row) -> tuple[str, ...]:
        name = one.name + ("…" if one.values is not None else "")
        commands = [kind.__name__ for kind in one.commands]
        return (
            f"`{name}`",
            _WHEN[one.when],
            _code(sorted(need.__name__ for need in one.needs)),
            _code(commands),
            "yes" if one.enable else "",
        )

    head = ("capability", "told", "needs of the backend", "commands that exist with it", "ENABLE")
    yield from _table(head, map(row, CAPABILITIES))


def extensions() -> Iterator[str]:
    """The extensions of SMTP."""
    rows = ((f"`{row.keyword}`", f"`{row.needs}`" * bool(row.needs)) for row in TABLE)
    yield from _table(("keyword", "needs"), rows)


def imap_states() -> Iterator[str]:
    """The states of IMAP."""
    yield "```{mermaid}"
    yield "stateDiagram-v2"
    names = {state: state.name.lower() for state in imap_state.State}
    for state, name in names.items():
        yield f'  state "{state.value}" as {name}'
    yield f"  [*] --> {names[imap_state.State.NOT_AUTHENTICATED]}"
    for (state, command, status), after in imap_state.TRANSITIONS.items():
        yield f"  {names[state]} --> {names[after]}: {command.__name__} {status.value}"
    yield "```"
    yield ""
    states = [state for state in imap_state.State if imap_state.ALLOWED[state]]
    commands = frozenset().union(*imap_state.ALLOWED.values())
    rows = (
        (
            f"`{command.__name__}`",
            *("✓" * imap_state.is_allowed(state, command) for state in states),
        )
        for command in sorted(commands, key=lambda command: command.__name__)
    )
    yield from _table(("command", *(state.value for state in states)), rows)


def smtp_states() -> Iterator[str]:
    """The states of SMTP."""
    yield "```{mermaid}"
    yield "stateDiagram-v2"
    yield "  [*] --> CONNECTED"
    for (state, event), then in smtp_state.TRANSITIONS.items():
        for after, mark in ((then.done, "2xx"), (then.more, "3xx")):
            if after is not None and after is not state:
                yield f"  {state.name} --> {after.name}: {event.__name__} {mark}"
    yield "```"


def limits() -> Iterator[str]:
    """The bounds, with the comments that stand beside them."""
    source = inspect.getsource(mailcore.limits.Limits)
    lines = source.splitlines()
    reason: list[str] = []
    rows = []
    for line in lines:
        text = line.strip()
        if text.startswith("#"):
            reason.append(text.lstrip("#: "))
        elif ":" in text and "=" in text and not text.startswith(('"', "Arg")):
            name, _, rest = text.partition(":")
            value = rest.partition("=")[2].strip()
            rows.append((f"`{name}`", f"`{value}`", " ".join(reason)))
            reason = []
        elif not text:
            reason = []
    yield from _table(("field", "default", "why"), rows)


def citations() -> Iterator[str]:
    """The RFCs that the code cites, and where."""
    found: dict[int, set[str]] = {}
    root = Path(mailcore.limits.__file__).parent
    for path in sorted(root.rglob("*.py")):
        module = ".".join(path.relative_to(root.parent).with_suffix("").parts)
        text = path.read_text()
        for part in text.split("RFC ")[1:]:
            digits = part[:5].split()[0].rstrip(",.:;)§]") if part[:5].split() else ""
            if digits.isdigit():
                found.setdefault(int(digits), set()).add(module.removesuffix(".__init__"))
    rows = []
    for number in sorted(found):
        modules = sorted(found[number])
        shown = _code(modules[:6]) + (f" and {len(modules) - 6} more" if len(modules) > 6 else "")
        rows.append((f"[RFC {number}](https://www.rfc-editor.org/rfc/rfc{number})", shown))
    yield from _table(("RFC", "cited in"), rows)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register a directive for each table."""
    for make in (capabilities, extensions, imap_states, smtp_states, limits, citations):
        name = make.__name__.replace("_", "-") + "-table"
        app.add_directive(name, type(make.__name__, (_Generated,), {"make": staticmethod(make)}))
    return {"parallel_read_safe": True}
