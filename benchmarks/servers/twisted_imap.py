"""An IMAP server of Twisted's library over one empty mailbox, plain and with TLS."""

from __future__ import annotations

import json
import sys
from typing import Any

from twisted.cred import checkers, portal
from twisted.internet import reactor, ssl
from twisted.internet.protocol import ServerFactory
from twisted.mail import imap4
from zope.interface import implementer


@implementer(imap4.IMailbox)
class Empty:
    """A mailbox without messages."""

    def getUIDValidity(self) -> int:
        return 1

    def getUIDNext(self) -> int:
        return 1

    def getMessageCount(self) -> int:
        return 0

    getRecentCount = getUnseenCount = getMessageCount

    def getFlags(self) -> list[str]:
        return [r"\Seen", r"\Deleted"]

    def getHierarchicalDelimiter(self) -> str:
        return "/"

    def isWriteable(self) -> bool:
        return True

    def addListener(self, listener: Any) -> None:
        pass

    removeListener = addListener


class Realm:
    """Everybody has one mailbox of the same kind."""

    def requestAvatar(self, name: bytes, mind: Any, *interfaces: Any) -> Any:
        account = imap4.MemoryAccount(name)
        account.addMailbox("INBOX", Empty())
        return imap4.IAccount, account, lambda: None


class Factory(ServerFactory):
    """Makes the server's end of each connection."""

    def buildProtocol(self, address: Any) -> imap4.IMAP4Server:
        server = imap4.IMAP4Server()
        server.portal = portal.Portal(
            Realm(), [checkers.InMemoryUsernamePasswordDatabaseDontUse(reader=b"secret")]
        )
        server.factory = self
        return server


if __name__ == "__main__":
    certificate, key = sys.argv[1:]
    context = ssl.DefaultOpenSSLContextFactory(key, certificate)
    plain = reactor.listenTCP(0, Factory(), interface="127.0.0.1", backlog=1024)
    tls = reactor.listenSSL(0, Factory(), context, interface="127.0.0.1", backlog=1024)
    print(json.dumps({"imap": plain.getHost().port, "imaps": tls.getHost().port}), flush=True)
    reactor.run()
