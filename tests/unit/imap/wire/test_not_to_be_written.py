"""What has no form on the wire is refused by the encoder, in either role: nothing half is sent."""

from __future__ import annotations

import pytest

from mailcore.errors import LocalProtocolError
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap import searchkeys as keys
from mailcore.imap.types import FetchAtt, SequenceSet
from mailcore.imap.wire.bounds import ResponseBounds
from mailcore.imap.wire.encode_commands import encode_command
from mailcore.imap.wire.encode_responses import ResponseEncoder
from mailcore.imap.wire.parse_responses import parse_response
from mailcore.limits import DEFAULT_LIMITS

ONE = SequenceSet.of([1])


@pytest.mark.parametrize(
    "command",
    [
        c.List("t", "", ()),
        c.GetMetadata("t", "INBOX", ()),
        c.SetMetadata("t", "INBOX", ()),
        c.Notify("t", ()),
        c.Search("t", keys.All(), returns=("COUNT",), update_items=(FetchAtt("FLAGS"),)),
        c.Sort("t", (), keys.All()),
        c.CancelUpdate("t", ()),
        c.Fetch("t", ONE, ()),
        c.Store("t", ONE, "*FLAGS", ()),
        c.Search("t", keys.Like(keys.Body("x"))),
        c.Search("t", keys.ObjectIdKey("FROM", "x")),
        c.Search("t", keys.GmailId("FROM", 1)),
        c.Search("t", keys.HasAttachment()),
        c.Search("t", keys.InMailbox("INBOX")),
    ],
    ids=str,
)
def test_commands(command: c.Command) -> None:
    with pytest.raises(LocalProtocolError):
        encode_command(command)


@pytest.mark.parametrize(
    "response",
    [
        r.MetadataResponse("INBOX", ()),
        r.MetadataEntries("INBOX", ()),
        r.ThreadResponse([r.ThreadNode(-1)]),
        r.GenUrlAuthResponse(()),
        r.UrlFetchResponse(()),
        r.UrlFetchBegin("imap://a/b", 1, "NONSENSE"),
        r.FetchResponse(1, (r.EmailId("no (id"),)),
        r.UnknownResponse(b"X {9}\r\nshort"),
        r.UnknownResponse(b"X a\r\nb"),
    ],
    ids=str,
)
def test_responses(response: r.Response) -> None:
    encoder = ResponseEncoder()
    with pytest.raises(LocalProtocolError):
        encoder.encode(response)
    assert encoder.encode(r.Exists(1)) == b"* 1 EXISTS\r\n"


def test_nothing_begins_within_a_streamed_response() -> None:
    encoder = ResponseEncoder()
    encoder.encode(r.FetchBegin(1))
    with pytest.raises(LocalProtocolError):
        encoder.encode(r.UrlFetchBegin("imap://a/b", 1))


@pytest.mark.parametrize("threads", [b"(1))", b"((1)2)", b"((1)(2)3)", b"()", b"(())", b"(1", b"x"])
def test_threads_that_are_none(threads: bytes) -> None:
    found = parse_response(b"* THREAD " + threads, ResponseBounds.after_login(DEFAULT_LIMITS))
    assert isinstance(found, r.UnknownResponse)
    assert found.problem
