"""Lines of the example exchanges in RFCs, as facts of the protocol: who says what.

``python extract_exchanges.py DIRECTORY`` writes ``imap_exchanges.txt`` anew from ``rfcNNNN.txt``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

RFCS = (3501, 5256, 5267, 5465, 6203, 7162, 7377, 9051, 4314, 4467, 4469, 5524, 8440, 8508)
DATA = Path(__file__).with_name("imap_exchanges.txt")

_LINE = re.compile(r"( +)([CS]): ?(.*)")
_PAGE = re.compile(r".*\[Page \d+\]$|RFC \d+ .*\d{4}$|\f.*")
# A remark, a gap, or somebody else's line: not what was said.
_REMARK = re.compile(r" *(?:\.\.\.|\[|//|<|\([Tt]|[A-Z]{1,2}: ?)")
# What begins a command or a response; other lines are inside of literals. "..." leaves out.
_BEGINS = {
    "C": re.compile(r"[A-Za-z]{1,4}[0-9]{0,4} [A-Za-z]+(?: |$)"),
    "S": re.compile(r"(?:\*|[A-Za-z]{1,4}[0-9]{0,4} (?:OK|NO|BAD)\b)"),
}
_LEFT_OUT = re.compile(r"\.\.\.|\[\.\.\.\]")


def exchanges(text: str) -> Iterator[tuple[str, str]]:
    """Yield who speaks, "C" or "S", and the line, with what was wrapped put together."""
    lines = [line for line in text.splitlines() if not _PAGE.fullmatch(line)]
    at = 0
    while at < len(lines):
        found = _LINE.fullmatch(lines[at])
        at += 1
        if found is None:
            continue
        margin, who, words = len(found[1]) + 3, found[2], found[3].strip()
        while at < len(lines) and _continues(lines[at], margin):
            words += ("" if words.endswith((",", "(")) else " ") + lines[at].strip()
            at += 1
        if _BEGINS[who].match(words) and not _LEFT_OUT.search(words):
            yield who, words


def _continues(line: str, margin: int) -> bool:
    indent = len(line) - len(line.lstrip())
    return bool(line.strip()) and indent >= margin and not _REMARK.match(line)


def extract(directory: Path) -> str:
    """Return what the data file holds: ``RFC who line``, each once."""
    seen = {}
    for number in RFCS:
        text = (directory / f"rfc{number}.txt").read_text(encoding="utf-8", errors="replace")
        for who, words in exchanges(text):
            seen.setdefault((who, words), number)
    return "".join(f"{number} {who} {words}\n" for (who, words), number in seen.items())


if __name__ == "__main__":
    DATA.write_text(extract(Path(sys.argv[1])))
