"""The plugin, in runs of pytest of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

#: Plugins that cost each run seconds, and have no part in it.
_OTHERS = " ".join(f"-p no:{name}" for name in ("schemathesis", "hypothesispytest", "anyio"))


@pytest.fixture
def tests(pytester: pytest.Pytester) -> pytest.Pytester:
    """Runs in a process of their own, with nothing of this project's configuration."""
    pytester.makeini(f"[pytest]\naddopts = -p no:cacheprovider -p no:trio {_OTHERS}\n")
    return pytester


def test_a_sync_test_has_a_server(tests: pytest.Pytester) -> None:
    tests.makepyfile(
        """
        def test_welcome(mail_server):
            bob = mail_server.inbox("bob@example.test")
            with mail_server.smtplib() as client:
                client.sendmail("a@b.example", [bob.address], "Subject: Hi\\r\\n\\r\\nBob\\r\\n")
            assert bob.wait(subject="Hi").get_content() == "Bob\\n"

        def test_another_begins_anew(mail_server):
            assert mail_server.backend.users == {}
        """
    )
    # Nothing is left open; the other warning is of an editable installation.
    rewriting = "ignore::pytest.PytestAssertRewriteWarning"
    tests.runpytest_subprocess("-W", "error", "-W", rewriting).assert_outcomes(passed=2)


def test_tests_on_trio_and_asyncio_wait_without_stopping_their_loop(
    tests: pytest.Pytester,
) -> None:
    tests.makeini(f"[pytest]\naddopts = -p no:cacheprovider {_OTHERS}\ntrio_mode = true\n")
    tests.makepyfile(
        """
        import asyncio
        import trio

        async def test_on_trio(mail_server):
            bob = mail_server.inbox("bob@example.test")
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.to_thread.run_sync, later, bob)
                assert (await bob.wait_async("Hi"))["Subject"] == "Hi"

        def test_on_asyncio(mail_server):
            bob = mail_server.inbox("bob@example.test")

            async def main():
                waiting = asyncio.create_task(bob.wait_async("Hi"))
                await asyncio.sleep(0)
                bob.deliver(subject="Hi")
                assert (await waiting)["Subject"] == "Hi"

            asyncio.run(main())

        def later(bob):
            bob.deliver(subject="Hi")
        """
    )
    tests.runpytest_subprocess().assert_outcomes(passed=2)


def test_one_server_for_a_session_and_one_for_each_worker(tests: pytest.Pytester) -> None:
    tests.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(4))
        def test_it(session_mail_server, number):
            bob = session_mail_server.inbox("bob@example.test")
            bob.send(bob.address, f"number {number}")
            assert bob.wait(f"number {number}")
        """
    )
    tests.runpytest_subprocess("-n", "2").assert_outcomes(passed=4)


def test_whoever_needs_no_server_pays_nothing(tests: pytest.Pytester) -> None:
    tests.makepyfile(
        """
        import sys

        def test_it():
            loaded = {name for name in sys.modules if name.startswith("mailcore")}
            assert loaded <= {
                "mailcore", "mailcore.lazy", "mailcore.testing", "mailcore.testing.pytest_plugin"
            }
        """
    )
    tests.runpytest_subprocess().assert_outcomes(passed=1)


def test_no_option_is_added() -> None:
    command = [sys.executable, "-m", "pytest", "--help", "-c", "/dev/null", "-W", "ignore"]
    command += _OTHERS.split()
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "mail" not in said.lower()
