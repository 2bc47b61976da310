from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.live import Transcript

SECRET = "ap_sk_Xy12secret"
PLAIN = base64.b64encode(f"\0bob\0{SECRET}".encode()).decode()
BARE = base64.b64encode(SECRET.encode()).decode()

# Each is one dialogue before a login: (side, octets).
LOGINS = [
    [("c", f"a LOGIN bob {SECRET}\r\n"), ("s", "a NO wrong\r\n")],
    [("c", f'a login "bo\\"b" "{SECRET}"\r\n'), ("s", "a NO wrong\r\n")],
    [("c", f"a LOGIN bob {{16+}}\r\n{SECRET}\r\n"), ("s", "a NO wrong\r\n")],
    [
        ("c", "a LOGIN {3}\r\n"),
        ("s", "+ Ready\r\n"),
        ("c", "bob {16}\r\n"),
        ("s", "+ Ready\r\n"),
        ("c", f"{SECRET}\r\n"),
        ("s", "a NO wrong\r\n"),
    ],
    [("c", f"a AUTHENTICATE PLAIN {PLAIN}\r\n"), ("s", "a NO wrong\r\n")],
    [("c", f"a AUTHENTICATE PLAIN\r\n{PLAIN}\r\n"), ("s", "+ \r\na NO wrong\r\n")],
    [("c", f"LOGIN bob {SECRET}\r\n"), ("s", "* BAD no tag\r\n")],
    [("c", f"AUTH PLAIN {PLAIN}\r\n"), ("s", "535 5.7.8 wrong\r\n")],
    [
        ("c", "AUTH LOGIN\r\n"),
        ("s", "334 VXNlcm5hbWU6\r\n"),
        ("c", "Ym9i\r\n"),
        ("s", "334 UGFzc3dvcmQ6\r\n"),
        ("c", f"{BARE}\r\n"),
        ("s", "535 5.7.8 wrong\r\n"),
    ],
    # Refused, and the client goes on all the same.
    [("c", "AUTH LOGIN\r\n"), ("s", "504 no\r\n"), ("c", f"{BARE}\r\n"), ("s", "500 what\r\n")],
]


def record(dialogue: list[tuple[str, str]], transcript: Transcript | None = None) -> str:
    transcript = transcript or Transcript(16_000)
    for side, text in dialogue:
        transcript.add("client" if side == "c" else "server", text.encode())
    return shown(transcript)


def shown(transcript: Transcript) -> str:
    return "\n".join(f"{line.side[0].upper()}: {line.text}" for line in transcript.lines())


@pytest.mark.parametrize("dialogue", LOGINS, ids=lambda dialogue: dialogue[0][1][:24].strip())
def test_no_secret_is_kept(dialogue: list[tuple[str, str]]) -> None:
    transcript = Transcript(16_000)
    text = record(dialogue, transcript)
    for secret in (SECRET, PLAIN, BARE):
        assert secret not in text
    assert "••••" in text
    # What is not secret is there: who, how, and the answer.
    assert dialogue[-1][1].split("\r\n")[-2] in text
    kept = repr([getattr(transcript, name) for name in Transcript.__slots__])
    assert SECRET not in kept


@given(st.sampled_from(LOGINS), st.data())
def test_no_secret_is_kept_however_it_is_cut(
    dialogue: list[tuple[str, str]], data: st.DataObject
) -> None:
    pieces: list[tuple[str, str]] = []
    for side, text in dialogue:
        cut = data.draw(st.integers(0, len(text)))
        pieces += [(side, text[:cut]), (side, text[cut:])]
    assert record(pieces) == record(dialogue)


def test_names_and_ordinary_commands_are_shown() -> None:
    text = record([("c", f"a LOGIN bob {SECRET}\r\n"), ("s", "a OK in\r\n"), ("c", "b NOOP\r\n")])
    assert text == "C: a LOGIN bob ••••\nS: a OK in\nC: b NOOP"


def test_a_login_that_comes_too_late_is_masked_too() -> None:
    transcript = Transcript(16_000)
    transcript.be_careful(False)
    text = record([("c", f"b LOGIN bob {SECRET}\r\n"), ("s", "b BAD not now\r\n")], transcript)
    assert SECRET not in text


def test_a_long_piece_keeps_its_ends() -> None:
    transcript = Transcript(16_000)
    transcript.be_careful(False)
    body = "* 1 FETCH (BODY[] {100000}\r\n" + "x" * 100_000 + ")\r\na OK done\r\n"
    text = record([("s", body)], transcript)
    assert text.startswith("S: * 1 FETCH (BODY[] {100000}")
    assert text.endswith("S: a OK done")
    assert "octets" in text
    assert len(text) < 2_000


@pytest.mark.parametrize("careful", [True, False])
def test_the_oldest_goes_first(careful: bool) -> None:
    transcript = Transcript(4_000)
    transcript.be_careful(careful)
    for number in range(1_000):
        transcript.add("client", b"a%d NOOP\r\n" % number)
        transcript.add("server", b"a%d OK done\r\n" % number)
    lines = transcript.lines()
    assert lines[-1].text == "a999 OK done"
    assert 10 < len(lines) < 100
    numbers = [line.number for line in lines]
    assert numbers == sorted(numbers)
    assert transcript.lines(numbers[-2]) == lines[-1:]
    transcript.add("client", b"z NOOP\r\n")
    assert [line.text for line in transcript.lines(numbers[-1])] == ["z NOOP"]


def test_octets_that_are_no_text_are_written_out() -> None:
    assert record([("c", "a NOOP\r\n")]) == "C: a NOOP"
    transcript = Transcript(100)
    transcript.add("client", b"\xff\xfe\r\n")
    assert shown(transcript) == "C: \\xff\\xfe"


def test_what_authorizes_a_url_is_masked() -> None:
    url = "imap://bob@h/INBOX/;UID=1;URLAUTH=anonymous:internal:"
    text = record(
        [
            ("c", f'a GENURLAUTH "{url[:-10]}" INTERNAL\r\n'),
            ("s", f'* GENURLAUTH "{url}{"01" + "a" * 64}"\r\na OK done\r\n'),
            ("c", f"BURL {url}{'01' + 'B' * 64} LAST\r\n"),
        ]
    )
    assert text.splitlines()[1:] == [
        f'S: * GENURLAUTH "{url}••••"',
        "S: a OK done",
        f"C: BURL {url}•••• LAST",
    ]
