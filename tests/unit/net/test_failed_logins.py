"""Wrong passwords by address."""

from __future__ import annotations

from mailcore.limits import Limits
from mailcore.net.failed_logins import FailedLogins


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_beyond_the_limit_each_failure_is_answered_more_slowly() -> None:
    failed = FailedLogins(Limits(failed_logins_per_peer=3), Clock())
    assert [failed.note("192.0.2.1") for _ in range(6)] == [0, 0, 0, 0.5, 1.0, 1.5]
    assert failed.note("192.0.2.2") == 0, "another address is not to blame"
    assert max(failed.note("192.0.2.1") for _ in range(1000)) == 15


def test_an_address_is_forgiven_after_ten_quiet_minutes() -> None:
    clock = Clock()
    failed = FailedLogins(Limits(failed_logins_per_peer=1), clock)
    for _ in range(5):
        failed.note("192.0.2.1")
    clock.now = 599
    assert failed.note("192.0.2.1") > 0
    clock.now += 601
    assert failed.note("192.0.2.1") == 0


def test_what_is_remembered_is_bounded() -> None:
    failed = FailedLogins(Limits(failed_logins_per_peer=1), Clock())
    for number in range(20_000):
        failed.note(f"2001:db8:{number:x}::/64")
    assert failed.note("2001:db8:0::/64") == 0, "the one that is the longest ago is forgotten"
    assert failed.note(f"2001:db8:{19_999:x}::/64") > 0
