"""What the banner and the line of JSON say."""

from __future__ import annotations

import json
from pathlib import Path

from mailcore.serve.banner import Ready
from mailcore.serve.protocol import Endpoint, Endpoints, FirstMinute

DOORS = Endpoints(
    imap=Endpoint("::1", 993, True),
    smtp=Endpoint("::1", 465, True),
)
AUTHORITY = Path("/a dir/ca.pem")


def test_doors_that_are_shut_are_null() -> None:
    ready = Ready("Box", None, DOORS, None, FirstMinute())
    assert json.loads(ready.as_json()) == {
        "imap": {"host": "::1", "port": 993, "tls": True},
        "smtp": {"host": "::1", "port": 465, "tls": True},
        "mx": None,
        "submission": None,
        "imap_starttls": None,
        "lmtp": None,
        "http": None,
        "ca": None,
        "inboxes": [],
        "api_key": None,
    }
    assert "\n" not in ready.as_json()


def test_an_ipv6_address_is_in_brackets() -> None:
    assert "IMAPS [::1]:993" in Ready("Box", None, DOORS, None, FirstMinute()).as_banner()


def test_without_an_inbox_there_is_nothing_to_try() -> None:
    banner = Ready("Box", None, DOORS, AUTHORITY, FirstMinute()).as_banner()
    assert "try it" not in banner
    assert "nothing is kept" in banner


def test_the_backend_adds_lines_of_its_own() -> None:
    first_minute = FirstMinute(("a@b",), "key", ("curl more",))
    banner = Ready("Box", Path("/data"), DOORS, AUTHORITY, first_minute).as_banner()
    assert banner.splitlines()[-1] == "curl more"
    assert "'/a dir/ca.pem'" in banner


def test_a_public_certificate_needs_no_authority() -> None:
    banner = Ready("Box", None, DOORS, None, FirstMinute(("a@b",), "key")).as_banner()
    for word in ("CA certificate", "cafile", "NODE_EXTRA_CA_CERTS", "--cacert", "-CAfile"):
        assert word not in banner
