"""What was measured, as JSON and as tables to read.

``python -m benchmarks.report DIRECTORY`` writes the tables again from the JSON there.
"""

from __future__ import annotations

import json
import platform
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

#: Ratios are to this peer's figure.
OURS: Final = "mailcore"
_TABLES: Final = "RESULTS.md"
_RESULTS: Final = "results.json"
_LARGE: Final = "large.json"


def machine() -> dict[str, str]:
    """Return when and where this runs."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": _processor(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
    }


@dataclass(frozen=True, slots=True)
class Result:
    """One row, measured once of one peer.

    Arguments:
        rate: pieces of work a second.
        p50, p99: latencies of one, in seconds.
        cpu: seconds of the processor that the server used for one.
        memory: octets that the server held.
        half: p99 when half as many come a second, at an even pace; None if that was not measured.
        connections: that waited; 0 where the row is about something else.
        each: octets that one of these took.
    """

    rate: float
    p50: float
    p99: float
    cpu: float
    memory: int
    half: float | None = None
    connections: int = 0
    each: float = 0.0


@dataclass(slots=True)
class Report:
    """All results of a run.

    Arguments:
        versions: of the peers.
        promises: what the OK of each stands for.
        works: of the rows, in words.
        results: by row, then peer, one for each round.
        refusals: by row, then peer, why there is no result.
        made: when and where.
    """

    versions: Mapping[str, str]
    promises: Mapping[str, str]
    works: Mapping[str, str]
    results: dict[str, dict[str, list[Result]]] = field(default_factory=dict)
    refusals: dict[str, dict[str, str]] = field(default_factory=dict)
    made: Mapping[str, str] = field(default_factory=machine)

    def write(self, directory: Path) -> None:
        """Write ``results.json`` there, and the tables."""
        (directory / _RESULTS).write_text(json.dumps(asdict(self), indent=1) + "\n")
        write_tables(directory)

    @classmethod
    def read(cls, file: Path) -> Report:
        """Read what :meth:`write` has written."""
        data: dict[str, Any] = json.loads(file.read_text())
        results = {
            row: {peer: [Result(**one) for one in found] for peer, found in peers.items()}
            for row, peers in data.pop("results").items()
        }
        return cls(**data, results=results)

    def markdown(self) -> str:
        """Return the tables with their explanations."""
        lines = [
            *(
                f"- **{name}**: {version}; {self.promises[name]}."
                for name, version in self.versions.items()
            ),
            "",
            f"{_made(self.made)}. The server has one core, the driver another.",
            "",
            *self._rates(),
            *self._latencies(),
            *self._costs(),
            *self._waiting(),
        ]
        if self.refusals:
            lines += ["## Not measured", ""]
            for row, reasons in self.refusals.items():
                lines += [f"- {row}, {peer}: {reason}" for peer, reason in reasons.items()]
            lines.append("")
        return "\n".join(lines)

    def _rates(self) -> Iterator[str]:
        yield (
            "Rates are pieces of work a second: the median of the rounds, which are interleaved. "
            f"Behind each peer's rate stands in brackets how many times that {OURS} does. "
            "~ marks a spread of more than a third."
        )
        yield ""
        yield "| row | " + " | ".join(self.versions) + " | work |"
        yield "|---|" + "---:|" * len(self.versions) + "---|"
        for row, results in self.results.items():
            if results:
                cells = [_rate(peer, results) for peer in self.versions]
                yield f"| {row} | " + " | ".join(cells) + f" | {self.works[row]} |"
        yield ""

    def _latencies(self) -> Iterator[str]:
        yield "## How long one waits"
        yield ""
        yield (
            "Milliseconds from asking to the whole answer: the median and the 99th percentile at "
            "the rate above, when a connection asks again as soon as it is answered; and the 99th "
            "percentile when half as many come, at an even pace and whether or not the server "
            "keeps up, for what somebody waits for and happens often enough."
        )
        yield ""
        yield from self._table("p50, p99, p99 at half load", _latency)

    def _costs(self) -> Iterator[str]:
        yield "## What it costs"
        yield ""
        yield (
            "Of the server, all its processes: milliseconds of the processor for each piece of "
            "work, and the memory in MB when the row had been measured."
        )
        yield ""
        yield from self._table("processor ms, memory MB", _cost)

    def _waiting(self) -> Iterator[str]:
        rows = [
            row
            for row, results in self.results.items()
            if any(one.connections for found in results.values() for one in found)
        ]
        if rows:
            yield "## Those who wait"
            yield ""
            yield (
                "Connections in IDLE on one mailbox: how many; the memory of the server in MB, and "
                "what each of them adds to it in KB; and the milliseconds from an APPEND until one "
                "has its EXISTS, median and 99th percentile, when all are told."
            )
            yield ""
            yield from self._table(
                "connections, memory MB, KB each, EXISTS p50, p99", _wait, rows=rows
            )

    def _table(
        self,
        what: str,
        cell: Callable[[Sequence[Result]], str],
        rows: Sequence[str] | None = None,
    ) -> Iterator[str]:
        yield "| row | " + " | ".join(f"{peer}: {what}" for peer in self.versions) + " |"
        yield "|---|" + "---:|" * len(self.versions)
        for row in self.results if rows is None else rows:
            found = self.results[row]
            cells = [cell(found[peer]) if found.get(peer) else "–" for peer in self.versions]
            yield f"| {row} | " + " | ".join(cells) + " |"
        yield ""


def write_large(directory: Path, figures: Mapping[str, Any]) -> None:
    """Write what ``benchmarks.large`` has measured, and the tables."""
    (directory / _LARGE).write_text(json.dumps(figures, indent=1) + "\n")
    write_tables(directory)


def large_markdown(figures: Mapping[str, Any]) -> str:
    """Return the table of large mailboxes.

    Arguments:
        figures: ``made``, the ``sizes``, the octets of ``memory`` that a message takes in each, and
            in ``rows`` by command how long each took and what it used of the processor, in ms.
    """
    sizes: list[int] = figures["sizes"]
    lines = [
        "## Large mailboxes",
        "",
        f"One INBOX, {OURS} alone, by `python -m benchmarks.large`; {_made(figures['made'])}. The "
        "server has just been started; each is asked once, in this order. Milliseconds until the "
        "answer was whole, and in brackets those that the server used of the processor, by tens.",
        "",
        "| | " + " | ".join(f"{size:,} messages" for size in sizes) + " |",
        "|---|" + "---:|" * len(sizes),
    ]
    for name, taken in figures["rows"].items():
        cells = [f"{_number(whole)} ({_number(used)})" for whole, used in taken]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    memory = [f"{_number(octets)} octets" for octets in figures["memory"]]
    lines.append("| memory of the open mailbox, for each message | " + " | ".join(memory) + " |")
    return "\n".join([*lines, ""])


def write_tables(directory: Path) -> None:
    """Write ``RESULTS.md`` of all results that are there as JSON."""
    parts = ["# Results\n\nMade by `python -m benchmarks`; do not edit.\n"]
    if (directory / _RESULTS).exists():
        parts.append(Report.read(directory / _RESULTS).markdown())
    if (directory / _LARGE).exists():
        parts.append(large_markdown(json.loads((directory / _LARGE).read_text())))
    (directory / _TABLES).write_text("\n".join(parts))


def _made(made: Mapping[str, str]) -> str:
    return ", ".join(made.values())


def _rate(peer: str, results: Mapping[str, Sequence[Result]]) -> str:
    found = results.get(peer)
    if not found:
        return "–"
    rates = [result.rate for result in found]
    rate = statistics.median(rates)
    text = ("~" if max(rates) - min(rates) > rate / 3 else "") + _number(rate)
    ours = results.get(OURS)
    if peer != OURS and ours:
        ratio = statistics.median(result.rate for result in ours) / rate
        text += f" ({ratio:.0f}×)" if ratio >= 10 else f" ({ratio:.2g}×)"
    return text


def _latency(found: Sequence[Result]) -> str:
    halves = [result.half for result in found if result.half is not None]
    half = _number(statistics.median(halves) * 1e3) if halves else "–"
    return f"{_middle(found, 'p50', 1e3)}, {_middle(found, 'p99', 1e3)}, {half}"


def _cost(found: Sequence[Result]) -> str:
    return f"{_middle(found, 'cpu', 1e3)}, {_middle(found, 'memory', 1e-6)}"


def _wait(found: Sequence[Result]) -> str:
    names = (("connections", 1), ("memory", 1e-6), ("each", 1e-3), ("p50", 1e3), ("p99", 1e3))
    return ", ".join(_middle(found, name, factor) for name, factor in names)


def _middle(found: Sequence[Result], name: str, factor: float) -> str:
    return _number(statistics.median(getattr(result, name) for result in found) * factor)


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


if __name__ == "__main__":
    write_tables(Path(sys.argv[1]))
