"""``python -m mailcore.fuzz TARGET``: exit code 0 if nothing was found, 1 if something was."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from mailcore.fuzz.campaign import Campaign, Finding, check_memory
from mailcore.fuzz.inputs import dictionary_path, seeds
from mailcore.fuzz.targets import TARGETS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; return its exit code."""
    given = _arguments(arguments)
    if given.files:
        return _replay(given.target, given.files)
    if given.atheris:
        return _run_atheris(given.target, given.corpus, given.seconds)

    def report(finding: Finding) -> None:
        _report(given.target, finding, given.crashes)

    campaign = Campaign(given.target, given.corpus, given.seed, report)
    campaign.run(given.seconds, _tell)
    _tell(campaign)
    return 1 if campaign.findings else 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m mailcore.fuzz",
        description="Look for octets that break what mailcore promises. What is found is made "
        "small and written to a file.",
    )
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("files", nargs="*", type=Path, help="only try these inputs, and say why")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="N", help="default: 60")
    parser.add_argument(
        "--corpus", type=Path, metavar="DIR", help="begin with these; add what leads somewhere new"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="make the same choices again")
    parser.add_argument(
        "--crashes", type=Path, default=Path(), metavar="DIR", help="where findings go; default: ."
    )
    parser.add_argument("--atheris", action="store_true", help="let atheris make the inputs")
    return parser.parse_args(arguments)


def _tell(campaign: Campaign) -> None:
    print(
        f"{campaign.target}: {campaign.runs} inputs, {len(campaign.coverage)} steps, "
        f"{len(campaign.findings)} findings",
        file=sys.stderr,
        flush=True,
    )


def _report(target: str, finding: Finding, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / finding.name
    path.write_bytes(finding.data)
    print(f"\n{finding.where}: {finding.error}\n  {finding.data!r}")
    print(f"  python -m mailcore.fuzz {target} {path}", flush=True)


def _replay(target: str, files: Sequence[Path]) -> int:
    failed = 0
    for path in files:
        data = path.read_bytes()
        try:
            check_memory(TARGETS[target], data)
        except Exception:
            failed = 1
            print(f"{path}: {data!r}")
            traceback.print_exc()
        else:
            print(f"{path}: all is well")
    return failed


def _run_atheris(target: str, corpus: Path | None, seconds: float) -> int:
    """Hand over to libFuzzer, which ends the process itself."""
    try:
        import atheris
    except ImportError:
        print(
            "mailcore.fuzz: atheris is not installed; without --atheris it works", file=sys.stderr
        )
        return 2
    directory = corpus or Path(f"corpus-{target}")
    directory.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(target)):
        (directory / f"seed-{number}").write_bytes(seed)
    atheris.instrument_all()
    options = [f"-max_total_time={int(seconds)}", f"-dict={dictionary_path(target)}"]
    atheris.Setup([sys.argv[0], *options, str(directory)], TARGETS[target])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
