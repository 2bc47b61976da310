"""The live server is asked what its OpenAPI document says can be asked, and what can not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from .program import Server, launch

_PATIENCE = 110.0
RULE = {"direction": "send", "action": "allow", "match_type": "domain", "value": "a.example"}
# What is asked for is data that the server has; a wait ends at once.
_CONFIGURATION = """
parameters = {ids}
[[operations]]
include-operation-id = "wait_for_message"
parameters = {{ "query.timeout" = 0 }}
"""
# Of what the document leaves open, not all can be done: cursors are the server's, a message goes
# to somebody, an address has a shape that no pattern says.
_LEFT_OUT = "positive_data_acceptance"


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of its own: it is asked to delete what it has."""
    started = launch("--memory")
    yield started
    started.kill()


def make_objects(server: Server) -> dict[str, str]:
    """Make one of each object; return their ids, by what paths call them."""
    api = f"{server.url}/api/v1"
    with httpx.Client(base_url=api, headers={"Authorization": f"Bearer {server.key}"}) as client:

        def make(path: str, **body: object) -> dict[str, str]:
            answer = client.post(path, json=body)
            assert answer.status_code == 201, answer.text
            made: dict[str, str] = answer.json()
            return made

        inbox = make("/inboxes", username="asked")
        somebody = [{"email": inbox["email"]}]
        message = make(f"/inboxes/{inbox['id']}/messages", to=somebody, text_body="Hi.")
        draft = make(f"/inboxes/{inbox['id']}/drafts", to=somebody, subject="later")
        rule = make(
            "/filter-rules",
            direction="send",
            action="allow",
            match_type="domain",
            value="a.example",
        )
        webhook = make("/webhooks", url="https://hooks.example/")
        suppression = make("/suppressions", email="nobody@example.org")
        upload = make("/attachments", filename="a")
    return {
        "inbox_id": inbox["id"],
        "message_id": message["id"],
        "thread_id": message["thread_id"],
        "draft_id": draft["id"],
        "rule_id": rule["id"],
        "webhook_id": webhook["id"],
        "email": suppression["email"],
        "key": upload["key"],
        "ticket": upload["upload_url"].rpartition("=")[2],
        "section": "1",
    }


def test_the_server_is_as_its_document_says(server: Server, tmp_path: Path) -> None:
    ids = ", ".join(f"{name} = {json.dumps(one)}" for name, one in make_objects(server).items())
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(_CONFIGURATION.format(ids=f"{{ {ids} }}"))
    # With its own key gone it could ask nothing more.
    left_out = ["--exclude-operation-id", "revoke_key", "--exclude-operation-id", "delete_inbox"]
    run = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", configuration),
            *("run", f"{server.url}/openapi.json", "-H", f"Authorization: Bearer {server.key}"),
            *("--seed", "1", "--max-examples", "4", "--phases", "examples,coverage,fuzzing"),
            *("--exclude-checks", _LEFT_OUT, "--no-color", "--warnings", "off", *left_out),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
    )
    assert run.returncode == 0, run.stdout + run.stderr
