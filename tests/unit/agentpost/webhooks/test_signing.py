"""What receivers check a webhook by."""

from __future__ import annotations

import base64
import hashlib
import hmac

from mailcore_agentpost.webhooks.signing import new_secret, signature_headers

BODY = b'{"id":"evt_1"}'


def test_both_families_of_headers() -> None:
    secret = new_secret()
    fields = signature_headers("dlv_1", 1_700_000_000, BODY, [secret])
    assert secret.startswith("whsec_")
    own = hmac.new(secret.encode(), b"1700000000." + BODY, hashlib.sha256).hexdigest()
    assert fields["X-AgentPost-Signature"] == own
    assert fields["X-AgentPost-Timestamp"] == fields["Webhook-Timestamp"] == "1700000000"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    standard = hmac.new(key, b"dlv_1.1700000000." + BODY, hashlib.sha256).digest()
    assert fields["Webhook-Signature"] == f"v1,{base64.b64encode(standard).decode()}"
    assert fields["Webhook-Id"] == "dlv_1"


def test_the_example_of_standard_webhooks() -> None:
    """The test vector that its libraries share."""
    fields = signature_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert fields["Webhook-Signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_secret_is_replaced_both_sign() -> None:
    new, old = new_secret(), new_secret()
    both = signature_headers("dlv_1", 1, BODY, [new, old])
    alone = [signature_headers("dlv_1", 1, BODY, [one]) for one in (new, old)]
    assert both["Webhook-Signature"].split() == [one["Webhook-Signature"] for one in alone]
    assert both["X-AgentPost-Signature"] == alone[0]["X-AgentPost-Signature"]
