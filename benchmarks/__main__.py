"""``python -m benchmarks``: the table of mailcore and its peers.

python -m benchmarks --peers dovecot,postfix
python -m benchmarks --peers "" --rows noop,flags --rounds 1 --messages 1000
python -m benchmarks.micro
"""

from __future__ import annotations

import argparse
import logging
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.client import Refused, Tally
from benchmarks.filling import fill, make_mailboxes
from benchmarks.peers import PEERS
from benchmarks.process import become_driver
from benchmarks.report import OURS, Report, Result
from benchmarks.rows import ROWS
from benchmarks.rows.idle import CONNECTIONS
from benchmarks.rows.row import MESSAGES, Row
from benchmarks.target import Target
from benchmarks.writing import writable_directory

_log = logging.getLogger("benchmarks")

#: Pieces of work a second at half load, from which on a 99th percentile says something.
_OFTEN: Final = 25.0


def main() -> None:
    """Measure what the command line asks for."""
    arguments = _arguments()
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stderr)
    # A row has thousands of connections.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    become_driver()
    with ExitStack() as stack:
        targets = [
            replace(target, waiting=arguments.connections)
            for target in _started(stack, arguments.peers, arguments.messages)
        ]
        report = Report(
            {target.name: target.version for target in targets},
            {target.name: target.promise for target in targets},
            {row.name: row.work for row in arguments.rows},
        )
        for number in range(arguments.rounds):
            for row in arguments.rows:
                if not (row.once and number):
                    _measure(row, targets, report)
    if arguments.write is not None:
        report.write(arguments.write)
    print(report.markdown())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure mailcore beside other servers, on this machine.",
    )
    parser.add_argument(
        "--peers",
        type=_names(PEERS),
        default=[name for name in PEERS if name != OURS],
        metavar="NAME,…",
        help=f"beside mailcore: {', '.join(name for name in PEERS if name != OURS)} (all)",
    )
    by_name = {row.name: row for row in ROWS}
    parser.add_argument(
        "--rows",
        type=lambda text: [by_name[name] for name in _names(by_name)(text)],
        default=ROWS,
        metavar="NAME,…",
        help=f"only these: {', '.join(by_name)}",
    )
    parser.add_argument("--rounds", type=int, default=3, help="of each row (3)")
    parser.add_argument(
        "--messages", type=int, default=MESSAGES, help=f"in the mailbox ({MESSAGES})"
    )
    parser.add_argument(
        "--connections",
        type=int,
        default=CONNECTIONS,
        help=f"that wait ({CONNECTIONS}); of Dovecot each is a process",
    )
    parser.add_argument(
        "--write",
        type=writable_directory,
        metavar="DIRECTORY",
        help="write results.json and RESULTS.md there",
    )
    return parser.parse_args()


def _names(known: Collection[str]) -> Callable[[str], list[str]]:
    def names(text: str) -> list[str]:
        wanted = [name.strip() for name in text.split(",") if name.strip()]
        if unknown := [name for name in wanted if name not in known]:
            raise argparse.ArgumentTypeError(f"there is no {', '.join(unknown)}")
        return wanted

    return names


def _started(stack: ExitStack, peers: Sequence[str], messages: int) -> list[Target]:
    """Start and fill them all; an idle server costs the others nothing."""
    targets = []
    for name in dict.fromkeys((OURS, *peers)):
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f"{name}-")))
        try:
            target = stack.enter_context(PEERS[name](directory))
        except RuntimeError as error:
            if name == OURS:
                raise
            _log.warning("%s: left out: %s", name, error)
            continue
        _log.info("%s: %s", name, target.version)
        targets.append(fill(target, messages))
    return targets


def _measure(row: Row, targets: Sequence[Target], report: Report) -> None:
    results = report.results.setdefault(row.name, {})
    for target in targets:
        if not row.can_be_asked_of(target) or target.name in report.refusals.get(row.name, ()):
            continue
        try:
            with _asked(row, target) as asked:
                result = _result(row, asked)
        except (Refused, OSError) as error:
            report.refusals.setdefault(row.name, {})[target.name] = str(error)[:200]
            _log.warning("%s, %s: %s", row.name, target.name, error)
            continue
        results.setdefault(target.name, []).append(result)
        _log.info("%-24s %-10s %12.1f/s", row.name, target.name, result.rate)


@contextmanager
def _asked(row: Row, target: Target) -> Iterator[Target]:
    """Give the server that a row is asked of."""
    if not row.alone:
        yield target
        return
    with (
        tempfile.TemporaryDirectory(prefix=f"{target.name}-") as name,
        PEERS[target.name](Path(name)) as fresh,
    ):
        make_mailboxes(fresh)
        yield replace(fresh, waiting=target.waiting)


def _result(row: Row, target: Target) -> Result:
    before = target.process.cpu_seconds()
    tally = row.measure(target)
    return Result(
        rate=tally.count / tally.seconds,
        p50=statistics.median(tally.latencies),
        p99=_p99(tally),
        cpu=(target.process.cpu_seconds() - before) / tally.count,
        memory=tally.memory or target.process.memory(),
        half=_at_half_load(row, target, tally),
        connections=tally.connections,
        each=tally.each,
    )


def _at_half_load(row: Row, target: Target, tally: Tally) -> float | None:
    rate = tally.count / tally.seconds / 2
    if not row.paced or rate < _OFTEN:
        return None
    return _p99(row.measure(target, rate))


def _p99(tally: Tally) -> float:
    return sorted(tally.latencies)[int(len(tally.latencies) * 0.99)]


if __name__ == "__main__":
    main()
