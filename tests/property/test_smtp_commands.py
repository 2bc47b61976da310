"""Commands are read as they were written; nothing else can be written."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailcore.errors import LocalProtocolError
from mailcore.smtp import (
    AuthResponse,
    Burl,
    Command,
    Ehlo,
    ForwardPath,
    Help,
    MailFrom,
    MailParameters,
    Noop,
    RcptParameters,
    RcptTo,
    ReversePath,
    Vrfy,
    XClient,
)
from mailcore.smtp.wire.encode_commands import encode_command
from mailcore.smtp.wire.grammar import Context, parse_auth_response, parse_command
from mailcore.smtp.wire.parameters import (
    format_mail_parameters,
    format_rcpt_parameters,
    mail_parameters,
    rcpt_parameters,
    split_parameters,
)
from mailcore.testing.strategies import smtp


@given(smtp.commands)
@example(XClient({"NAME": "[TEMPUNAVAIL]", "HELO": ""}))
def test_a_command_that_is_written_is_read_again(command: Command) -> None:
    line = encode_command(command, smtputf8=True)
    assert line.endswith(b"\r\n")
    assert parse_command(line[:-2], Context(smtputf8=True)) == command


@given(st.binary(max_size=60))
def test_a_response_of_auth_that_is_written_is_read_again(data: bytes) -> None:
    assert parse_auth_response(encode_command(AuthResponse(data))[:-2]) == AuthResponse(data)


@given(smtp.mail_parameters)
def test_parameters_of_mail_that_are_written_are_read_again(parameters: MailParameters) -> None:
    assert mail_parameters(split_parameters(format_mail_parameters(parameters))) == parameters


@given(smtp.rcpt_parameters)
def test_parameters_of_rcpt_that_are_written_are_read_again(parameters: RcptParameters) -> None:
    assert rcpt_parameters(split_parameters(format_rcpt_parameters(parameters))) == parameters


@given(st.text(), st.text())
def test_whatever_is_said_is_one_line_or_nothing(one: str, other: str) -> None:
    for command in (
        Ehlo(one),
        Vrfy(one),
        Help(one),
        Burl(one),
        MailFrom(ReversePath(one, other), MailParameters(envid=other or None)),
        RcptTo(ForwardPath(one, other), RcptParameters(orcpt=one)),
    ):
        try:
            line = encode_command(command, smtputf8=True)
        except LocalProtocolError:
            continue
        assert line.index(b"\r\n") == len(line) - 2
        assert not set(b"\r\n\0") & set(line[:-2])


def test_an_address_can_not_bring_a_parameter_along() -> None:
    for command in (
        MailFrom(ReversePath("a", "b> SIZE=1")),
        MailFrom(ReversePath("a", "b>\r\nRCPT TO:<c@d")),
        RcptTo(ForwardPath("a", "b> NOTIFY=NEVER")),
        RcptTo(ForwardPath("a", "")),
        Burl("imap://a LAST"),
        MailFrom(ReversePath("a", "b"), MailParameters(body="7BIT SIZE=1")),
    ):
        with pytest.raises(LocalProtocolError):
            encode_command(command)


def test_lmtp_has_its_own_hello() -> None:
    assert encode_command(Ehlo("x"), lmtp=True) == b"LHLO x\r\n"
    assert encode_command(Noop()) == b"NOOP\r\n"
