"""How a client keeps the results of a search that goes on (RFC 5267 §4.3.2-4)."""

from __future__ import annotations

import pytest

from mailcore.imap import responses as r
from mailcore.imap.wire.bounds import ResponseBounds
from mailcore.imap.wire.parse_responses import parse_response
from mailcore.limits import DEFAULT_LIMITS


@pytest.mark.parametrize(
    ("before", "told", "after"),
    [
        # Three spellings of one change, from RFC 5267 §4.3.3.
        ([2734, 2735], "ADDTO (1 2733 1 2732 1 2731)", [2731, 2732, 2733, 2734, 2735]),
        ([2734, 2735], "ADDTO (1 2733) ADDTO (1 2731:2732)", [2731, 2732, 2733, 2734, 2735]),
        ([2734, 2735], "ADDTO (1 2731:2733)", [2731, 2732, 2733, 2734, 2735]),
        ([1, 9], "ADDTO (0 5,3)", [1, 3, 5, 9]),
        ([9, 1], "ADDTO (3 5 2 7:6)", [9, 6, 7, 1, 5]),
        ([1, 2, 3, 4], "REMOVEFROM (0 2:3)", [1, 4]),
        ([4, 2, 3, 1], "REMOVEFROM (4 1 2 2:3)", [4]),
        ([1, 2], "REMOVEFROM (0 7)", [1, 2]),
        ([1, 2], "REMOVEFROM (0 2) ADDTO (0 3)", [1, 3]),
    ],
)
def test_results_are_changed_in_order(before: list[int], told: str, after: list[int]) -> None:
    line = f'* ESEARCH (TAG "C01") UID {told}'.encode()
    response = parse_response(line, ResponseBounds.after_login(DEFAULT_LIMITS))
    assert isinstance(response, r.EsearchResponse)
    for update in response.updates:
        update.apply(before)
    assert before == after


@pytest.mark.parametrize("told", ["REMOVEFROM (1 2)", "REMOVEFROM (3 2)", "REMOVEFROM (2 2:3)"])
def test_results_that_are_not_those_of_the_server(told: str) -> None:
    response = parse_response(
        f'* ESEARCH (TAG "C01") {told}'.encode(), ResponseBounds.after_login(DEFAULT_LIMITS)
    )
    assert isinstance(response, r.EsearchResponse)
    results = [1, 2]
    with pytest.raises(ValueError, match="not at that place"):
        response.updates[0].apply(results)
    assert results == [1, 2]
