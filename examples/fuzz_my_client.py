"""Fuzz a client, here imaplib: pytest fuzz_my_client.py"""

import imaplib

from hypothesis import given, settings

from mailcore.testing.strategies.sessions import sessions


@settings(max_examples=40, deadline=None)
@given(sessions("imap", breakage=["cut", "garbage", "goodbye", "wrong tag"]))
def test_nothing_comes_out_but_its_own_errors(session):
    with session.serving() as address:
        try:
            with imaplib.IMAP4(*address, timeout=1) as client:
                client.login("anna", "secret")
                client.select()
                client.search(None, "ALL")
                client.fetch("1", "(UID FLAGS BODY[])")
        except (imaplib.IMAP4.error, OSError):
            pass  # these are what its documentation promises
