"""What a monitoring system reads, from a server that works."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics

from mailcore_agentpost.client import AgentPost

from .accounts import Account
from .program import Server

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(server: Server) -> Samples:
    with urllib.request.urlopen(server.url + "/metrics", timeout=10) as response:
        text = response.read().decode()
        assert response.headers["Content-Type"].startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((name, frozenset(labels.items())), 0.0)


def test_what_happens_is_counted(api: AgentPost, anna: Account, agentpost: Server) -> None:
    before = scrape(agentpost)
    client = anna.raw_imap()
    client.send(b"s SELECT INBOX\r\nx NONSENSE\r\ni IDLE\r\n")
    assert client.until(b"+")
    anna.send(anna.address, "counted")
    list(api.inboxes)
    after = scrape(agentpost)
    client.close()

    def grown(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    command = "mailcore_command_duration_seconds_count"
    assert grown(command, protocol="imap", command="LOGIN", status="OK") == 1
    assert grown(command, protocol="imap", command="SELECT", status="OK") == 1
    assert grown(command, protocol="imap", command="invalid", status="BAD") == 1
    assert grown("mailcore_refusals_total", protocol="imap", reason="BAD") == 1
    assert grown(command, protocol="smtp", command="END-OF-MESSAGE", status="250") == 1
    listed = {"protocol": "http", "command": "GET /api/v1/inboxes", "status": "200"}
    assert grown(command, **listed) >= 1
    idle = {"protocol": "imap", "door": "imap", "state": "idle"}
    assert value(after, "mailcore_sessions", **idle) >= 1
    assert grown("mailcore_received_bytes_total", protocol="smtp") > 100
    assert grown("agentpost_commit_writes_count") > 0
    assert grown("agentpost_commit_duration_seconds_count") > 0
    assert value(after, "agentpost_queue_depth", queue="mail") >= 0
    assert value(after, "process_open_fds") > 10


def test_openmetrics_for_those_who_ask(agentpost: Server) -> None:
    wanted = {"Accept": "application/openmetrics-text; version=1.0.0"}
    request = urllib.request.Request(agentpost.url + "/metrics", headers=wanted)
    with urllib.request.urlopen(request, timeout=10) as response:
        text = response.read().decode()
    names = {family.name for family in openmetrics.text_string_to_metric_families(text)}
    assert {"mailcore_sessions", "mailcore_connections", "mailcore_refusals"} <= names


def test_health_and_readiness(agentpost: Server) -> None:
    for path, said in (("/healthz", {"status": "ok"}), ("/readyz", {"status": "ready"})):
        with urllib.request.urlopen(agentpost.url + path, timeout=10) as response:
            assert said.items() <= json.load(response).items()


def test_metrics_for_nobody(start_server: Callable[..., Server]) -> None:
    server = start_server("--memory", MAILCORE_AGENTPOST_METRICS="nobody")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(server.url + "/metrics", timeout=10)
