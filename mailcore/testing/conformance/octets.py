"""Octets that something along the way could take offence at."""

from __future__ import annotations

from typing import Final

import pytest

from mailcore.limits import MIB
from mailcore.testing.conformance.box import END, message
from mailcore.testing.conformance.suite import Suite

_OCTETS: Final = {
    "simple": b"Subject: simple\r\n\r\nHello\r\n",
    "every octet": b"Subject: every octet\r\n\r\n" + bytes(range(256)) * 3,
    "nul": b"\0Subject: nul\0\r\n\0\r\n\0",
    "bare line feeds": b"Subject: unix\n\nline\nline\n",
    "bare carriage returns": b"Subject: mac\r\rline\rline\r",
    "dots": b"Subject: dots\r\n\r\n.\r\n..\r\n.\r\n",
    "no end of line": b"Subject: no end of line\r\n\r\nHello",
    "no body": b"Subject: no body\r\n",
    "no header": b"\r\nno header",
    "8-bit header": "Subject: Grüße, 世界 😀\r\nFrom: ü@例.example\r\n\r\n".encode() + b"\xff\xfe",
    "long line": b"Subject: long line\r\n\r\n" + b"x" * 100_000,
    "from line": b"From anna Thu Jan  1 00:00:00 1970\nSubject: mbox\n\nFrom here\n>From there\n",
    "one octet": b"x",
    "nothing": b"",
}
_LARGE: Final = b"Subject: large\r\n\r\n" + bytes(range(251)) * (2 * MIB // 251)


class Octets(Suite):
    """What is read is what was appended, byte for byte."""

    @pytest.mark.parametrize("data", _OCTETS.values(), ids=_OCTETS.keys())
    async def test_octets_come_back_as_they_were(self, data: bytes) -> None:
        async with self.box() as box:
            (uid,) = await box.add(message(data))
            await box.expect(new=[uid])
            assert box.states[uid].size in (None, len(data))
            assert await box.read(uid) == data

    async def test_a_large_message_reads_in_pieces(self) -> None:
        async with self.box() as box:
            (uid,) = await box.add(message(_LARGE))
            await box.expect(new=[uid])
            assert box.states[uid].size in (None, len(_LARGE))
            for start in range(0, len(_LARGE), 999_983):
                end = start + 999_983
                assert await box.mailbox.read(uid, start, end) == _LARGE[start:end]
            for border in (64 * 1024, MIB, len(_LARGE)):
                for start, end in [(border - 1, border), (border - 3, border + 3), (border, END)]:
                    assert await box.mailbox.read(uid, start, end) == _LARGE[start:end]
