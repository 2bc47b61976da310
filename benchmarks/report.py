"""What was measured, as JSON and as a table to read."""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

#: Ratios are to this peer's figure.
OURS: Final = "mailcore"


@dataclass(frozen=True, slots=True)
class Result:
    """One row, measured once of one peer.

    Arguments:
        rate: pieces of work a second.
        p50, p99: latencies of one, in seconds.
        cpu: seconds of the processor that the server used for one.
        memory: octets that the server held.
    """

    rate: float
    p50: float
    p99: float
    cpu: float
    memory: int


@dataclass(slots=True)
class Report:
    """All results of a run.

    Arguments:
        versions: of the peers.
        works: of the rows, in words.
        results: by row, then peer, one for each round.
        refusals: by row, then peer, why there is no result.
    """

    versions: Mapping[str, str]
    works: Mapping[str, str]
    results: dict[str, dict[str, list[Result]]] = field(default_factory=dict)
    refusals: dict[str, dict[str, str]] = field(default_factory=dict)

    def write(self, directory: Path) -> None:
        """Write ``results.json`` and ``RESULTS.md`` there."""
        (directory / "results.json").write_text(
            json.dumps(self._machine() | asdict(self), indent=1)
        )
        (directory / "RESULTS.md").write_text(self.markdown())

    def _machine(self) -> dict[str, str]:
        return {
            "date": datetime.now(UTC).strftime("%Y-%m-%d"),
            "machine": _processor(),
            "system": f"{platform.system()} {platform.release().split('-')[0]}",
        }

    def markdown(self) -> str:
        """Return the table with its explanations."""
        peers = list(self.versions)
        lines = [
            "# Results",
            "",
            "Made by `python -m benchmarks`; do not edit. "
            + ", ".join(self._machine().values())
            + ". The server has one core, the driver another.",
            "",
            *(f"- **{name}**: {version}" for name, version in self.versions.items()),
            "",
            "Rates are pieces of work a second: the median of the rounds, which are interleaved. "
            f"Behind each peer's rate stands in brackets how many times that {OURS} does. "
            "~ marks a spread of more than a third.",
            "",
            "| row | " + " | ".join(peers) + " | work |",
            "|---|" + "---:|" * len(peers) + "---|",
        ]
        for row, results in self.results.items():
            cells = [self._cell(row, peer) for peer in peers]
            if any(results.values()):
                lines.append(f"| {row} | " + " | ".join(cells) + f" | {self.works[row]} |")
        lines += ["", *self._details(peers)]
        return "\n".join(lines) + "\n"

    def _cell(self, row: str, peer: str) -> str:
        found = self.results[row].get(peer)
        if not found:
            return "–"
        rates = [result.rate for result in found]
        rate = statistics.median(rates)
        text = ("~" if max(rates) - min(rates) > rate / 3 else "") + _number(rate)
        ours = self.results[row].get(OURS)
        if peer != OURS and ours:
            ratio = statistics.median(result.rate for result in ours) / rate
            text += f" ({ratio:.0f}×)" if ratio >= 10 else f" ({ratio:.2g}×)"
        return text

    def _details(self, peers: Sequence[str]) -> list[str]:
        lines = [
            "## What it costs",
            "",
            "Of the server: milliseconds of the processor for each piece of work, memory in MB; "
            "and the latency of a piece of work, median and 99th percentile, in milliseconds.",
            "",
            "| row | " + " | ".join(f"{peer}: cpu, memory, p50, p99" for peer in peers) + " |",
            "|---|" + "---:|" * len(peers),
        ]
        for row, results in self.results.items():
            cells = []
            for peer in peers:
                found = results.get(peer)
                cells.append(_costs(found) if found else "–")
            lines.append(f"| {row} | " + " | ".join(cells) + " |")
        if self.refusals:
            lines += ["", "## Not measured", ""]
            for row, reasons in self.refusals.items():
                lines += [f"- {row}, {peer}: {reason}" for peer, reason in reasons.items()]
        return lines


def _costs(found: Sequence[Result]) -> str:
    def middle(name: str, factor: float) -> str:
        return _number(statistics.median(getattr(result, name) for result in found) * factor)

    return ", ".join(
        (middle("cpu", 1e3), middle("memory", 1e-6), middle("p50", 1e3), middle("p99", 1e3))
    )


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
