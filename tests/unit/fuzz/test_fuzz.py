"""The fuzzer finds what is broken, and what it has found stays mended."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mailcore.fuzz import TARGETS, Campaign
from mailcore.fuzz.__main__ import main
from mailcore.fuzz.inputs import seeds, words
from mailcore.fuzz.shrinking import shrink
from mailcore.fuzz.targets import message, promises
from mailcore.imap import ServerConnection

#: Inputs that broke a promise once, by target.
FOUND = {
    "imap-server": [
        b'a LOGIN a a\r\na create "//"\r\n',  # each reading took a separator off
        b'a LOGIN a a\r\na APPEND a () "17-Jul-1996 02:44:25 -0700" {6+}\r\naaaaaa () {0+}\r\n',
    ],
    "imap-client": [
        b"* OK [\r\n",
        b"* BYE \x1d\r\n",
        b"a1 OK \xe4\r\n",
        b"* \r\na1 OK }\r\na2 OK\r\n",
        b"* THREAD ((5))\r\n",  # a thread in brackets of its own
        b"* 2 UIDFETCH (a () a[\x9a]\r\n",  # a section of something unknown was no ASCII
        b'* ENABLED UTF8=ACCEPT\r\n* NAMESPACE (("&" "")) NIL NIL\r\n',
    ],
    "smtp-server": [b"BDaT 9999 \r\na"],
    "smtp-client": [
        b"ELa\r\n220 \r\n250-\r\n250 AUTH\r\n354 \r\n",  # no challenge
        # Recipients of the last transaction were taken for those of one that was refused.
        b"lEMRRDeMRRz\r\n220 \r\n250-\r\n250-PIPELINING\r\n250 CHUNKING\r\n250 \r\n250 \r\n250 \r\n"
        b"354 \r\n250 \r\n250 \r\n503 \r\n503 \r\n503 \r\n503 \r\n",
        # Octets of a chunk were taken after the end.
        b"EEMRZ\r\n250 \r\n220\r\n250-\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 \r\n",
    ],
}


@pytest.mark.parametrize("target", TARGETS)
def test_the_seeds_keep_every_promise(target: str) -> None:
    assert len(words(target)) > 40
    for data in seeds(target):
        TARGETS[target](data)


@pytest.mark.parametrize(
    ("target", "data"), [(target, data) for target, found in FOUND.items() for data in found]
)
def test_what_was_found_once(target: str, data: bytes) -> None:
    TARGETS[target](data)


@pytest.mark.parametrize("target", TARGETS)
def test_a_short_run(target: str, tmp_path: Path) -> None:
    campaign = Campaign(target, tmp_path / "corpus", seed=1)
    campaign.run(runs=60)  # the same ones each time
    assert not campaign.findings, campaign.findings
    assert campaign.runs == 60
    assert len(campaign.coverage) > 100
    assert len(list((tmp_path / "corpus").iterdir())) > 1


def test_a_broken_parser_is_found_and_the_input_made_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parse = message.parse_structure

    def broken(data: bytes) -> object:
        if b"--b\r\n" in data and b"digest" in data:
            raise IndexError("as asked")
        return parse(data)

    monkeypatch.setattr(message, "parse_structure", broken)
    assert main(["message", "--seconds", "2", "--seed", "1", "--crashes", str(tmp_path)]) == 1
    (crash,) = tmp_path.iterdir()
    assert crash.read_bytes() in (b"digest--b\r\n", b"--b\r\ndigest")
    said = capsys.readouterr().out
    assert "IndexError at message.py" in said
    assert said.splitlines()[-1].strip() == f"python -m mailcore.fuzz message {crash}"
    assert main(["message", str(crash)]) == 1
    monkeypatch.undo()
    assert main(["message", str(crash)]) == 0


def test_an_error_that_a_session_hides_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from mailcore.testing.memory import MemoryMailbox

    async def broken(self: object, uid: int, start: int, end: int) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr(MemoryMailbox, "read", broken)
    with pytest.raises(promises.BrokenPromise, match="an error was logged"):
        TARGETS["imap-server"](b"a LOGIN x y\r\nb FETCH 1 BODY[]\r\n")


def test_an_answer_that_depends_on_the_pieces_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    receive = ServerConnection.receive_data

    def broken(self: ServerConnection, data: bytes) -> None:
        receive(self, data.removesuffix(b"P"))

    monkeypatch.setattr(ServerConnection, "receive_data", broken)
    with pytest.raises(promises.BrokenPromise, match="other pieces"):
        TARGETS["imap-server"](b"a NOOP\r\n")


def test_what_takes_too_much_memory_is_found() -> None:
    from mailcore.fuzz.campaign import check_memory

    with pytest.raises(promises.BrokenPromise, match="10 octets took 20 MiB"):
        check_memory(lambda data: bytearray(20 << 20) and None, bytes(10))


@pytest.mark.parametrize("output", [b"x", b"a\nb\r\n", b"a\rb\r\n", b"a\0\r\n"])
def test_no_stray_octet_goes_by(output: bytes) -> None:
    with pytest.raises(promises.BrokenPromise):
        promises.whole_lines(output)
    promises.whole_lines(b"a\r\n\r\n")


def test_shrinking() -> None:
    assert shrink(b"xxxaxxxbxxx" * 20, lambda data: b"b" in data) == b"b"
    assert shrink(b"abc", lambda data: False) == b"abc"


def test_without_atheris_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)
    assert main(["message", "--atheris"]) == 2


def test_help() -> None:
    command = [sys.executable, "-m", "mailcore.fuzz", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "imap-server" in said
    assert "--corpus" in said
