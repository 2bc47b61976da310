"""Command lines, one by one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailcore.smtp import (
    Auth,
    AuthResponse,
    Bdat,
    Burl,
    Command,
    Data,
    DeliverBy,
    Ehlo,
    Expn,
    ForwardPath,
    Helo,
    Help,
    MailFrom,
    MailParameters,
    Noop,
    Quirk,
    Quit,
    RcptParameters,
    RcptTo,
    ReversePath,
    Rset,
    StartTls,
    Vrfy,
    XClient,
    XForward,
)
from mailcore.smtp.wire.grammar import (
    CANCELLED,
    NEEDS_SMTPUTF8,
    NOT_BASE64,
    Context,
    declared_chunk,
    parse_auth_response,
    parse_command,
)
from mailcore.smtp.wire.refusal import Refused

SENDER = ReversePath("a", "b")


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("EHLO client.example", Ehlo("client.example")),
        ("ehlo [192.0.2.1]", Ehlo("[192.0.2.1]")),
        # RFC 5321 §4.1.4: no mail is refused for a name that is not a domain.
        ("HELO my_laptop  ", Helo("my_laptop")),
        ("MAIL FROM:<a@b>", MailFrom(SENDER)),
        ("mail from:<>", MailFrom(ReversePath())),
        ("MAIL FROM:<a@b> SIZE=10", MailFrom(SENDER, MailParameters(size=10))),
        ("MAIL FROM:<a@b>  body=8bitmime ", MailFrom(SENDER, MailParameters(body="8BITMIME"))),
        ("MAIL FROM:<a@b> AUTH=<>", MailFrom(SENDER, MailParameters(auth="<>"))),
        ("MAIL FROM:<a@b> AUTH=e+3Dmc2@x", MailFrom(SENDER, MailParameters(auth="e=mc2@x"))),
        (
            "MAIL FROM:<ä@ö> SMTPUTF8",
            MailFrom(ReversePath("ä", "ö"), MailParameters(smtputf8=True)),
        ),
        ("RCPT TO:<a@b>", RcptTo(ForwardPath("a", "b"))),
        ("RCPT TO:<postmaster>", RcptTo(ForwardPath("postmaster", ""))),
        ("DATA", Data()),
        ("data ", Data()),
        ("RSET", Rset()),
        ("NOOP", Noop()),
        ("NOOP anything at all", Noop()),
        ("QUIT", Quit()),
        ("VRFY ann", Vrfy("ann")),
        ("EXPN list", Expn("list")),
        ("HELP", Help()),
        ("HELP MAIL", Help("MAIL")),
        ("auth login", Auth("LOGIN")),
        ("AUTH plain AGEAYg==", Auth("PLAIN", b"\0a\0b")),
        ("AUTH PLAIN =", Auth("PLAIN", b"")),
        ("STARTTLS", StartTls()),
        ("BDAT 10", Bdat(10)),
        ("bdat 0 last", Bdat(0, last=True)),
        ("BURL imap://a@b/x;uid=1 LAST", Burl("imap://a@b/x;uid=1", last=True)),
        ("BURL imap://a@b/x", Burl("imap://a@b/x")),
        ("XCLIENT ADDR=192.0.2.1 NAME=[UNAVAILABLE]", XClient({"ADDR": "192.0.2.1", "NAME": ""})),
        ("xclient addr=IPV6:2001:db8::1", XClient({"ADDR": "IPV6:2001:db8::1"})),
        ("XFORWARD HELO=a+2Bb SOURCE=LOCAL", XForward({"HELO": "a+b", "SOURCE": "LOCAL"})),
    ],
)
def test_commands(line: str, command: Command) -> None:
    assert parse_command(line.encode()) == command


@pytest.mark.parametrize(
    ("line", "code", "enhanced"),
    [
        ("", 500, "5.5.1"),
        ("NONSENSE", 500, "5.5.1"),
        ("EHLO\tx", 500, "5.5.1"),
        ("LHLO client.example", 500, "5.5.1"),
        ("EHLO", 501, "5.5.4"),
        ("EHLO two words", 501, "5.5.4"),
        ("EHLO müller", 501, "5.5.4"),
        ("EHLO " + "a" * 256, 501, "5.5.4"),
        ("MAIL", 501, "5.5.4"),
        ("MAIL FROM <a@b>", 501, "5.5.4"),
        ("MAIL TO:<a@b>", 501, "5.5.4"),
        ("MAIL FROM: <a@b>", 501, "5.1.7"),
        ("MAIL FROM:a@b", 501, "5.1.7"),
        ("MAIL FROM:<a@b>SIZE=1", 501, "5.5.4"),
        ("MAIL FROM:<a\x01b@c>", 501, "5.5.2"),
        ('MAIL FROM:<"a\x7f"@c>', 501, "5.5.2"),
        ("MAIL FROM:<a@b> SIZE=1 size=1", 501, "5.5.4"),
        ("MAIL FROM:<a@b> SIZE", 501, "5.5.4"),
        ("MAIL FROM:<a@b> SIZE=-1", 501, "5.5.4"),
        ("MAIL FROM:<a@b> SIZE=1e3", 501, "5.5.4"),
        ("MAIL FROM:<a@b> SIZE=" + "9" * 21, 501, "5.5.4"),
        ("MAIL FROM:<a@b> SIZE=١", 501, "5.5.4"),
        ("MAIL FROM:<a@b> BODY=9BIT", 501, "5.5.4"),
        ("MAIL FROM:<a@b> BODY", 501, "5.5.4"),
        ("MAIL FROM:<a@b> SMTPUTF8=1", 501, "5.5.4"),
        ("MAIL FROM:<a@b> AUTH=a+0Ab@c", 501, "5.5.4"),
        ("MAIL FROM:<a@b> AUTH=a+7F@c", 501, "5.5.4"),
        ("MAIL FROM:<a@b> AUTH=a+3d@c", 501, "5.5.4"),
        ("MAIL FROM:<a@b> AUTH", 501, "5.5.4"),
        ("MAIL FROM:<a@b> AUTH=a@b+20c", 501, "5.5.4"),
        ("MAIL FROM:<a@b> =1", 501, "5.5.4"),
        ("MAIL FROM:<a@b> X-OTHER=1", 555, "5.5.4"),
        ("MAIL FROM:<ä@b>", 553, "5.6.7"),
        ("RCPT TO:<ä@b>", 553, "5.6.7"),
        ("RCPT TO:<>", 501, "5.1.3"),
        ("RCPT TO:<a@b> NEVER=NOTIFY", 555, "5.5.4"),
        ("RCPT TO:<a@b> ORCPT=utf-8;ä@b", 553, "5.6.7"),
        ("DATA now", 501, "5.5.4"),
        ("RSET x", 501, "5.5.4"),
        ("QUIT x", 501, "5.5.4"),
        ("STARTTLS x", 501, "5.5.4"),
        ("VRFY", 501, "5.5.4"),
        ("EXPN", 501, "5.5.4"),
        ("AUTH", 501, "5.5.4"),
        ("AUTH PLAIN a b", 501, "5.5.4"),
        ("AUTH PLAIN !!", 501, "5.5.2"),
        ("BDAT", 501, "5.5.4"),
        ("BDAT -1", 501, "5.5.4"),
        ("BDAT 1e3", 501, "5.5.4"),
        ("BDAT 10 FIRST", 501, "5.5.4"),
        ("BDAT " + "9" * 40, 501, "5.5.4"),
        ("BDAT 1 LAST LAST", 501, "5.5.4"),
        ("BURL", 501, "5.5.4"),
        ("BURL /no/scheme LAST", 501, "5.5.4"),
        ("BURL imap://a b LAST", 501, "5.5.4"),
        ("XCLIENT", 501, "5.5.4"),
        ("XCLIENT ADDR", 501, "5.5.4"),
        ("XCLIENT ADDR=", 501, "5.5.4"),
        ("XCLIENT ADDR=192.0.2.256", 501, "5.5.4"),
        ("XCLIENT ADDR=2001:db8::1", 501, "5.5.4"),
        ("XCLIENT ADDR=IPV6:fe80::1%25eth0", 501, "5.5.4"),
        ("XCLIENT PORT=0", 501, "5.5.4"),
        ("XCLIENT PORT=65536", 501, "5.5.4"),
        ("XCLIENT PROTO=HTTP", 501, "5.5.4"),
        ("XCLIENT NAME=a+00b", 501, "5.5.4"),
        ("XCLIENT NAME=a+20b", 501, "5.5.4"),
        ("XCLIENT NAME=a NAME=b", 501, "5.5.4"),
        ("XCLIENT IDENT=a", 501, "5.5.4"),
        ("XFORWARD SOURCE=MARS", 501, "5.5.4"),
        ("ETRN example.org", 502, "5.5.1"),
        ("TURN", 502, "5.5.1"),
        ("GET / HTTP/1.1", 421, "4.7.0"),
    ],
)
def test_refusals(line: str, code: int, enhanced: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_command(line.encode())
    assert (refused.value.reply.code, refused.value.reply.enhanced) == (code, enhanced)
    assert refused.value.fatal is (code == 421)


def test_invalid_utf8() -> None:
    with pytest.raises(Refused) as refused:
        parse_command(b"RCPT TO:<\xff@b>", Context(smtputf8=True))
    assert refused.value.reply.code == 500


def test_a_recipient_in_unicode_needs_a_transaction_with_smtputf8() -> None:
    line = "RCPT TO:<ä@b>".encode()
    assert parse_command(line, Context(smtputf8=True)) == RcptTo(ForwardPath("ä", "b"))
    with pytest.raises(Refused) as refused:
        parse_command(line)
    assert refused.value.reply is NEEDS_SMTPUTF8


def test_lmtp_says_lhlo_and_nothing_else() -> None:
    assert parse_command(b"LHLO x", Context(lmtp=True)) == Ehlo("x")
    for line in (b"EHLO x", b"HELO x"):
        with pytest.raises(Refused):
            parse_command(line, Context(lmtp=True))


def test_quirks_pass_only_by_name() -> None:
    space = Context(quirks=Quirk.SPACE_BEFORE_PATH)
    bare = Context(quirks=Quirk.PATH_WITHOUT_BRACKETS)
    assert parse_command(b"MAIL FROM:  <a@b>", space) == MailFrom(SENDER)
    assert parse_command(b"MAIL FROM:a@b SIZE=1", bare) == MailFrom(SENDER, MailParameters(size=1))
    assert parse_command(b"RCPT TO:a@b", bare) == RcptTo(ForwardPath("a", "b"))
    for line, context in ((b"MAIL FROM: <a@b>", bare), (b"MAIL FROM:a@b", space)):
        with pytest.raises(Refused):
            parse_command(line, context)


def test_responses_of_auth() -> None:
    assert parse_auth_response(b"YQ==") == AuthResponse(b"a")
    assert parse_auth_response(b"") == AuthResponse(b"")
    for line, reply in ((b"*", CANCELLED), (b"YQ", NOT_BASE64), (b"\xff", NOT_BASE64)):
        with pytest.raises(Refused) as refused:
            parse_auth_response(line)
        assert refused.value.reply is reply


def test_a_password_stays_out_of_repr() -> None:
    assert "secret" not in repr(Auth("PLAIN", b"\0a\0secret")) + repr(AuthResponse(b"secret"))


def test_declared_chunks() -> None:
    assert declared_chunk(b"bdat 10 LAST") == 10
    assert declared_chunk(b"BDAT 7") == 7
    for line in (b"BDAT", b"BDAT -1", b"BDAT x", b"BDAT 1x", b"NOOP 10", b"BDAT " + b"9" * 21):
        assert declared_chunk(line) is None


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("BODY=binarymime", MailParameters(body="BINARYMIME")),
        ("RET=hdrs ENVID=QQ+2B314", MailParameters(ret="HDRS", envid="QQ+314")),
        ("REQUIRETLS", MailParameters(require_tls=True)),
        ("HOLDFOR=86400", MailParameters(hold=86400)),
        (
            "HOLDUNTIL=2030-01-02T03:04:05+01:00",
            MailParameters(hold=datetime(2030, 1, 2, 2, 4, 5, tzinfo=UTC)),
        ),
        (
            "HOLDUNTIL=2030-01-02t03:04:05.5z",
            MailParameters(hold=datetime(2030, 1, 2, 3, 4, 5, 500_000, tzinfo=UTC)),
        ),
        ("BY=120;R", MailParameters(deliver_by=DeliverBy(120, returns=True))),
        ("BY=-5;nt", MailParameters(deliver_by=DeliverBy(-5, trace=True))),
        ("MT-PRIORITY=-9", MailParameters(priority=-9)),
        ("MT-PRIORITY=0", MailParameters(priority=0)),
    ],
)
def test_parameters_of_mail(text: str, parameters: MailParameters) -> None:
    assert parse_command(f"MAIL FROM:<a@b> {text}".encode()) == MailFrom(SENDER, parameters)


@pytest.mark.parametrize(
    "text",
    [
        "RET=BODY",
        "RET",
        "ENVID=",
        "ENVID=a+0Ab",
        "ENVID=" + "a" * 101,
        "REQUIRETLS=YES",
        "HOLDFOR=0",
        "HOLDFOR=-1",
        "HOLDFOR=1234567890",
        "HOLDFOR=1 HOLDUNTIL=2030-01-02T03:04:05Z",
        "HOLDUNTIL=2030-01-02T03:04:05",
        "HOLDUNTIL=2030-02-30T03:04:05Z",
        "HOLDUNTIL=tomorrow",
        "BY=0;R",
        "BY=-1;R",
        "BY=10",
        "BY=10;X",
        "BY=1234567890;N",
        "MT-PRIORITY=10",
        "MT-PRIORITY=+1",
        "MT-PRIORITY=-0",
        "MT-PRIORITY",
    ],
)
def test_wrong_parameters_of_mail(text: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_command(f"MAIL FROM:<a@b> {text}".encode())
    assert (refused.value.reply.code, refused.value.reply.enhanced) == (501, "5.5.4")


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("NOTIFY=never", RcptParameters(notify=("NEVER",))),
        ("NOTIFY=DELAY,FAILURE", RcptParameters(notify=("DELAY", "FAILURE"))),
        ("ORCPT=rfc822;Bob+40x@y", RcptParameters(orcpt="rfc822;Bob@x@y")),
        ("ORCPT=RFC822;a+20b@c", RcptParameters(orcpt="rfc822;a b@c")),
        (r"ORCPT=utf-8;m\x{FC}ller@c", RcptParameters(orcpt="utf-8;müller@c")),
        ("ORCPT=utf-8;müller@c", RcptParameters(orcpt="utf-8;müller@c")),
    ],
)
def test_parameters_of_rcpt(text: str, parameters: RcptParameters) -> None:
    command = parse_command(f"RCPT TO:<c@d> {text}".encode(), Context(smtputf8=True))
    assert command == RcptTo(ForwardPath("c", "d"), parameters)


@pytest.mark.parametrize(
    "text",
    [
        "NOTIFY",
        "NOTIFY=NEVER,DELAY",
        "NOTIFY=SUCCESS,SUCCESS",
        "NOTIFY=SOMETIMES",
        "ORCPT=a@b",
        "ORCPT=rfc822;",
        "ORCPT=;a@b",
        "ORCPT=rfc822;a+0D+0Ab",
        "ORCPT=rfc822;a=b",
        "ORCPT=rfc822;" + "a" * 500,
        r"ORCPT=utf-8;\x{D}",
        r"ORCPT=utf-8;\x{D800}",
        r"ORCPT=utf-8;\x{110000}",
    ],
)
def test_wrong_parameters_of_rcpt(text: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_command(f"RCPT TO:<c@d> {text}".encode())
    assert (refused.value.reply.code, refused.value.reply.enhanced) == (501, "5.5.4")
