from __future__ import annotations

import json
import logging

import pytest

from mailcore.log import log_event
from mailcore.serve.logs import JSONFormatter

logger = logging.getLogger("mailcore.test")


def test_an_event_is_a_line_for_people(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "mailcore.test"):
        log_event(logger, "login", user="bob@example.com", ms=1.23456, tls=True, key=None)
        log_event(logger, "refused", reason='5.7.1 "no"\r\nlogin user=eve', empty="")
        log_event(logger, "quiet", logging.DEBUG, user="x")
    assert caplog.messages == [
        "login user=bob@example.com ms=1.235 tls=True",
        r'refused reason="5.7.1 \"no\"\r\nlogin user=eve" empty=""',
    ]


def test_and_an_object_for_programs(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "mailcore.test"):
        log_event(logger, "login", user="bob", ms=1.5)
        try:
            raise ValueError("broken")
        except ValueError:
            logger.exception("it %s", "failed")
    event, failure = (json.loads(JSONFormatter().format(record)) for record in caplog.records)
    assert event.pop("time").endswith("+00:00")
    assert event == {
        "level": "info",
        "logger": "mailcore.test",
        "event": "login",
        "user": "bob",
        "ms": 1.5,
    }
    assert failure["message"] == "it failed"
    assert failure["traceback"].endswith("ValueError: broken")
