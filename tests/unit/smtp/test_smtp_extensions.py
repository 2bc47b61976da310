"""What EHLO offers, and what is refused because it does not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from mailcore.backend import Forwarded, FutureRelease, Honoured, Peer
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.smtp import DeliverBy, MailParameters, RcptParameters
from mailcore.smtp.session.extensions import KEYWORDS, TABLE, Facts, Offers, check_keywords
from mailcore.testing.strategies import smtp

from .post_office import ENVELOPE, Line, Store, plain, submission

UNTIL = datetime(2030, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
ALL = Honoured(
    dsn=True,
    binary_mime=True,
    require_tls=True,
    future_release=FutureRelease(1000, UNTIL),
    deliver_by=60,
    priority="MIXER",
    urls=True,
)


def offers(line: Line, hello: str = "EHLO x") -> list[str]:
    return [text[4:] for text in line.say(hello).splitlines()][1:]


def test_each_extension_of_the_backend_is_offered_where_it_belongs(store: Store) -> None:
    store.honoured = ALL
    everywhere = {"BINARYMIME", "DSN", "DELIVERBY 60", "MT-PRIORITY MIXER"}
    at_submission = {"FUTURERELEASE 1000 2030-01-02T03:04:05Z", "BURL"}
    plain_mx, tls_mx, users = Line(store), Line(store, tls=True), submission(store)
    assert everywhere <= set(offers(plain_mx))
    assert not at_submission & set(offers(plain_mx))
    assert "REQUIRETLS" not in offers(plain_mx)
    assert "REQUIRETLS" in offers(tls_mx)
    assert everywhere | at_submission | {"REQUIRETLS"} <= set(offers(users))
    store.honoured = Honoured(deliver_by=0, priority="")
    assert {"DELIVERBY", "MT-PRIORITY"} <= set(offers(tls_mx))
    assert not {"DSN", "REQUIRETLS", "BINARYMIME"} & set(offers(tls_mx))


@pytest.mark.parametrize("keyword", sorted(KEYWORDS))
def test_each_extension_can_be_disabled(store: Store, keyword: str) -> None:
    store.honoured = ALL
    options: dict[str, Any] = {"starttls": keyword == "STARTTLS", "trusted": True}
    tls = keyword != "STARTTLS"
    offered = offers(Line(store, "submission", tls=tls, **options))
    assert keyword in {one.split()[0] for one in offered}
    line = Line(store, "submission", tls=tls, disabled=(keyword.lower(),), **options)
    gone = {keyword} | {row.keyword for row in TABLE if row.needs == keyword}
    assert offers(line) == [one for one in offered if one.split()[0] not in gone]


def test_what_needs_another_extension_goes_with_it(store: Store) -> None:
    store.honoured = ALL
    assert "BINARYMIME" in offers(Line(store))
    assert "BINARYMIME" not in offers(Line(store, disabled=("CHUNKING",)))
    assert not {"SMTPUTF8", "BURL"} & set(offers(submission(store, disabled=("8BITMIME",))))


def test_what_is_disabled_is_refused(store: Store) -> None:
    store.honoured = ALL
    line = Line(store, disabled=("SMTPUTF8", "8BITMIME", "SIZE", "DSN"), starttls=True)
    line.say("EHLO x")
    for parameter in ("SMTPUTF8", "BODY=8BITMIME", "SIZE=1", "RET=FULL", "ENVID=x"):
        assert line.codes(f"MAIL FROM:<a@b> {parameter}") == ["555 5.5.4"]
    line.say("MAIL FROM:<a@b> BODY=7BIT")
    for parameter in ("NOTIFY=NEVER", "ORCPT=rfc822;c@d"):
        assert line.codes(f"RCPT TO:<c@d> {parameter}") == ["555 5.5.4"]
    line = Line(store, disabled=("STARTTLS",), starttls=True)
    line.say("EHLO x")
    assert line.codes("STARTTLS") == ["502 5.5.1"]
    line = submission(store, disabled=("AUTH",))
    assert line.codes(plain("ann")) == ["502 5.5.1"]


def test_only_extensions_can_be_disabled(store: Store) -> None:
    assert check_keywords(["dsn", "DSN"]) == {"DSN"}
    with pytest.raises(ValueError, match="TELEPATHY is no SMTP extension"):
        Line(store, disabled=("telepathy",))


@given(smtp.mail_parameters, smtp.rcpt_parameters)
def test_no_parameter_is_taken_that_nobody_offered(
    mail: MailParameters, rcpt: RcptParameters
) -> None:
    nothing = Offers(Facts(limits=DEFAULT_LIMITS, honoured=ALL), KEYWORDS)
    assert (nothing.refuse_mail(mail) is None) is (mail == MailParameters())
    assert (nothing.refuse_rcpt(rcpt) is None) is (rcpt == RcptParameters())


@pytest.mark.parametrize(
    "parameter",
    [
        "RET=FULL",
        "ENVID=x",
        "BY=100;R",
        "HOLDFOR=1",
        "HOLDUNTIL=2029-01-01T00:00:00Z",
        "MT-PRIORITY=1",
        "REQUIRETLS",
        "BODY=BINARYMIME",
        "AUTH=<>",
    ],
)
def test_what_is_not_offered_is_refused(store: Store, parameter: str) -> None:
    line = Line(store)
    line.say("EHLO x")
    assert line.codes(f"MAIL FROM:<a@b> {parameter}") == ["555 5.5.4"]
    line = submission(store)
    line.say(plain("ann"))
    store.honoured = ALL
    line.say("EHLO x")
    assert line.codes(f"MAIL FROM:<a@b> {parameter}") == ["250 2.1.0"]


def test_parameters_reach_the_backend(store: Store) -> None:
    store.honoured = ALL
    line = Line(store, tls=True)
    line.say("EHLO x")
    line.say(
        "MAIL FROM:<a@b> RET=HDRS ENVID=e+2B1 BY=120;RT MT-PRIORITY=3 REQUIRETLS",
        "RCPT TO:<c@d> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;e@f",
        "DATA",
    )
    assert line.codes("x", ".") == ["250 2.6.0"]
    transaction = store.mail[0][0]
    parameters, recipient = transaction.parameters, transaction.recipients[0].parameters
    assert (parameters.ret, parameters.envid) == ("HDRS", "e+1")
    assert parameters.deliver_by == DeliverBy(120, returns=True, trace=True)
    assert (parameters.priority, parameters.require_tls) == (3, True)
    assert (recipient.notify, recipient.orcpt) == (("SUCCESS", "DELAY"), "rfc822;e@f")


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ("HOLDFOR=1000", "250 2.1.0"),
        ("HOLDFOR=1001", "501 5.5.4"),
        ("HOLDUNTIL=2030-01-02T03:04:05Z", "250 2.1.0"),
        ("HOLDUNTIL=2030-01-02T03:04:06Z", "501 5.5.4"),
        ("HOLDUNTIL=2030-01-02T04:04:05+01:00", "250 2.1.0"),
        ("BY=60;R", "250 2.1.0"),
        ("BY=59;R", "555 5.5.4"),
        ("BY=-5;N", "250 2.1.0"),
        # RFC 4865 §5.2.2: it can not be both held and delivered.
        ("HOLDFOR=100 BY=99;N", "501 5.5.4"),
        ("HOLDFOR=99 BY=100;N", "250 2.1.0"),
    ],
)
def test_times(store: Store, parameters: str, code: str) -> None:
    store.honoured = ALL
    line = submission(store)
    line.say(plain("ann"))
    assert line.codes(f"MAIL FROM:<a@b> {parameters}") == [code]


def test_a_bug_in_what_is_honoured_is_survived(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.trouble = {"extensions": ZeroDivisionError()}
    line = Line(store)
    assert "DSN" not in offers(line)
    assert line.codes(*ENVELOPE) == ["250 2.1.0", "250 2.1.5"]
    assert caplog.records


def test_limits_are_told(store: Store) -> None:
    assert "LIMITS RCPTMAX=7" in offers(Line(store, limits=Limits(smtp_recipients=7)))


# ------------------------------------------------------------------- proxies and filters


def test_strangers_may_not_speak_for_others(store: Store) -> None:
    line = Line(store)
    assert not any(one.startswith("X") for one in offers(line))
    assert line.codes("XCLIENT ADDR=198.51.100.7") == ["502 5.5.1"]
    assert line.codes("XFORWARD ADDR=198.51.100.7") == ["502 5.5.1"]
    line.say(*ENVELOPE, "DATA")
    line.say("x", ".")
    assert store.peers == [Peer("smtp", "192.0.2.1", 1)]
    assert store.mail[0][0].forwarded is None


def test_xclient_makes_the_connection_its_clients(store: Store) -> None:
    line = Line(store, trusted=True)
    assert "XCLIENT NAME ADDR PORT PROTO HELO" in offers(line)
    line.say("MAIL FROM:<a@b>")
    assert line.codes("XCLIENT ADDR=198.51.100.7") == ["503 5.5.1"]
    line.say("RSET")
    words = "ADDR=IPV6:2001:db8::7 PORT=[UNAVAILABLE] NAME=client.example HELO=me PROTO=ESMTP"
    assert line.say(f"XCLIENT {words}") == "220 mail.example ESMTP\r\n"
    assert line.codes("MAIL FROM:<a@b>") == ["503 5.5.1"]
    line.say("EHLO y")
    line.say(*ENVELOPE, "DATA")
    line.say("x", ".")
    assert store.peers[-1] == Peer("smtp", "2001:db8::7", 0, name="client.example")
    assert store.mail[0][0].hello == "y"


def test_xclient_lets_nobody_in(store: Store) -> None:
    line = submission(store, trusted=True)
    assert line.codes("XCLIENT LOGIN=ann") == ["501 5.5.4"]
    assert line.codes("XCLIENT DESTADDR=192.0.2.5") == ["501 5.5.4"]
    assert line.codes(plain("ann")) == ["235 2.7.0"]
    assert line.codes("XCLIENT ADDR=198.51.100.7") == ["502 5.5.1"]


def test_nothing_may_be_smuggled_behind_xclient(store: Store) -> None:
    line = Line(store, trusted=True)
    line.say("EHLO x")
    assert line.codes("XCLIENT ADDR=198.51.100.7", "EHLO evil") == ["554 5.5.0"]


def test_xforward_tells_of_one_message(store: Store) -> None:
    line = Line(store, trusted=True)
    line.say("EHLO x")
    assert (
        line.codes(
            "XFORWARD NAME=client.example ADDR=198.51.100.7 PORT=25",
            "XFORWARD PROTO=ESMTP HELO=me IDENT=4F2 SOURCE=remote",
        )
        == ["250 2.0.0"] * 2
    )
    for _ in range(2):
        line.say(*ENVELOPE, "DATA")
        assert line.codes("x", ".") == ["250 2.6.0"]
    assert [transaction.forwarded for transaction, _ in store.mail] == [
        Forwarded(
            name="client.example",
            host="198.51.100.7",
            port=25,
            protocol="ESMTP",
            hello="me",
            identifier="4F2",
            source="REMOTE",
        ),
        None,
    ]
