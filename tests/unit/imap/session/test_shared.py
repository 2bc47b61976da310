"""What all sessions share: summaries are asked for once, as long as there is room."""

from __future__ import annotations

from mailcore.imap.session.shared import SummaryCache
from mailcore.imap.summary import Summary, summarize

FIRST, SECOND = ("first", 1), ("second", 1)


def summary(number: int) -> Summary:
    return summarize(b"Subject: %04d\r\n\r\n" % number)


def summaries(*numbers: int) -> dict[int, Summary]:
    return {number: summary(number) for number in numbers}


def cache(room: int) -> SummaryCache:
    """A cache with room for so many of them."""
    return SummaryCache(room * (len(summary(0).to_bytes()) + 512))


def test_what_was_put_in_is_found_by_mailbox_and_uid():
    kept = cache(10)
    kept.put(FIRST, summaries(1, 2))
    kept.put(SECOND, summaries(3))
    assert kept.get(FIRST, [1, 2, 3]) == summaries(1, 2)
    assert kept.get(SECOND, [1, 3]) == summaries(3)
    assert kept.get(("first", 2), [1]) == {}


def test_the_least_recently_used_go_first():
    kept = cache(3)
    kept.put(FIRST, summaries(1, 2, 3))
    kept.get(FIRST, [1])
    kept.put(FIRST, summaries(4))
    assert kept.get(FIRST, range(1, 5)) == summaries(1, 3, 4)


def test_first_those_of_a_mailbox_that_nobody_asks_about():
    kept = cache(3)
    kept.put(FIRST, summaries(1, 2))
    kept.put(SECOND, summaries(1))
    kept.get(FIRST, [1])
    kept.put(FIRST, summaries(3, 4, 5))
    assert kept.get(SECOND, [1]) == {}
    assert kept.get(FIRST, range(1, 6)) == summaries(3, 4, 5)


def test_what_does_not_fit_at_all_is_not_kept():
    kept = cache(0)
    kept.put(FIRST, summaries(1, 2))
    assert kept.get(FIRST, [1, 2]) == {}
    kept.put(FIRST, summaries(3))
    assert kept.get(FIRST, [3]) == {}


def test_putting_again_takes_no_more_room():
    kept = cache(2)
    for _ in range(5):
        kept.put(FIRST, summaries(1, 2))
    assert kept.get(FIRST, [1, 2]) == summaries(1, 2)


def test_a_mailbox_is_asked_once_for_all_sessions(connect, deliver, inbox, monkeypatch):
    deliver(b"Subject: one\r\n\r\n", b"Subject: two\r\n\r\n")
    asked = []
    stored = inbox.summaries

    async def summaries(uids):
        asked.extend(uids)
        return await stored(uids)

    monkeypatch.setattr(inbox, "summaries", summaries)
    first, second = connect(), connect()
    (envelope,) = first.ok("FETCH 1 ENVELOPE")
    assert '"one"' in envelope
    assert second.ok("FETCH 1 ENVELOPE") == [envelope]
    assert second.ok("FETCH 1:2 ENVELOPE")[0] == envelope
    first.ok("FETCH 1:2 (ENVELOPE BODYSTRUCTURE)")
    assert asked == [1, 2]
