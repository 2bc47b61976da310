"""What an operator sets for one listener."""

from __future__ import annotations

import pytest

from mailcore.backend import Forwarded, Peer
from mailcore.smtp import Quirk
from mailcore.smtp.quirks import parse_quirks
from mailcore.smtp.session import Listener
from mailcore.smtp.session.proxied import forwarded, speak_for
from mailcore.smtp.wire.xtext import decode_unitext


def test_quirks_have_names() -> None:
    names = ["bare-lf-commands", "space-before-path", "path-without-brackets"]
    assert [parse_quirks([name]) for name in names] == list(Quirk)
    assert parse_quirks(names) == Listener(quirks=tuple(names)).allowed
    assert parse_quirks([]) == Quirk.NONE
    with pytest.raises(ValueError, match="charm is no quirk: bare-lf-commands"):
        Listener(quirks=("charm",))


def test_whom_a_listener_trusts() -> None:
    listener = Listener(trusted=("192.0.2.0/24", "2001:db8::1"))
    hosts = ("192.0.2.9", "2001:db8::1", "2001:db8::1%eth0", "2001:db8::2", "", "localhost")
    assert [listener.trusts(host) for host in hosts] == [True, True, True, False, False, False]
    assert Listener(trusted=("unix",)).trusts("")
    assert not Listener(trusted=("unix",)).trusts("192.0.2.9")
    for wrong in ("192.0.2.1/24", "localhost"):
        with pytest.raises(ValueError, match=wrong):
            Listener(trusted=(wrong,))


def test_what_xclient_does_not_say_stays() -> None:
    peer = Peer("smtp", "192.0.2.1", 25, name="before.example")
    assert speak_for(peer, {"HELO": "x"}) == peer
    assert speak_for(peer, {"ADDR": ""}) == Peer("smtp", "", 25, name="before.example")
    assert speak_for(peer, {"PORT": "26"}).port == 26
    assert speak_for(peer, {"NAME": ""}).name == ""


def test_xforward_adds_to_what_was_said() -> None:
    first = forwarded({"NAME": "a.example"}, None)
    assert first == Forwarded(name="a.example")
    assert forwarded({"ADDR": "IPV6:::1"}, first) == Forwarded(name="a.example", host="::1")
    assert forwarded({"PORT": ""}, first) == first


def test_unitext_is_visible() -> None:
    for text in ("a b", "a=b", r"\y", "\u2028", r"\x{85}", r"\x{D800}"):
        with pytest.raises(ValueError):
            decode_unitext(text)
    assert decode_unitext(r"\x{1F600}") == "😀"
