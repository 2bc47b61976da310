"""mailcore: an IMAP and SMTP engine.

Import the room you need: :mod:`mailcore.imap`, :mod:`mailcore.smtp`, :mod:`mailcore.message` and
:mod:`mailcore.sasl` are pure protocol code (standard library only); :mod:`mailcore.backend` is the
contract
for whoever has messages; :mod:`mailcore.net` and :mod:`mailcore.serve` run it on Trio.
"""

__version__ = "0.1.0"
