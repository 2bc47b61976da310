"""DKIM: which signatures of a message are valid (RFC 6376), by dkimpy."""

from __future__ import annotations

import base64
import binascii
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import dkim

from mailcore.message import Buffer, headers, pieces
from mailcore_agentpost.names import Lookup, NoAnswerNow
from mailcore_agentpost.receiving.body_hash import ALGORITHMS, body_hash

logger: Final = logging.getLogger("mailcore.agentpost")
# The library tells what is wrong with other people's signatures; that is a result and no news.
_QUIET: Final = logging.getLogger("mailcore.agentpost.dkim")
_QUIET.setLevel(logging.CRITICAL)

#: Signatures of one message that are looked at: each is a question to the DNS.
_MOST: Final = 5
_FIELD: Final = b"dkim-signature"
_NO_SPACE: Final = re.compile(rb"\s+")

Tags = dict[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature.

    Arguments:
        result: of RFC 8601 §2.7.1.
        domain, selector: of its key; "" where it names none.
        beginning: of its value, to tell it from others (RFC 6008).
        reason: for a person; "" if it is valid.
    """

    result: str
    domain: str = ""
    selector: str = ""
    beginning: str = ""
    reason: str = ""


def check_signatures(header: bytes, data: Buffer, lookup: Lookup) -> list[Signature]:
    """Check the signatures of a message. Blocks: for threads.

    Arguments:
        header: its header block.
        data: all of it. The body is read in pieces.
    """
    count = sum(field.name.lower() == _FIELD for field in headers(header))
    hashes: dict[tuple[str, bool], bytes] = {}

    def hashed(algorithm: str, relaxed: bool) -> bytes:
        if (algorithm, relaxed) not in hashes:
            body = pieces(data, start=len(header))
            hashes[algorithm, relaxed] = body_hash(body, algorithm, relaxed=relaxed)
        return hashes[algorithm, relaxed]

    return [_check(header, index, hashed, lookup) for index in range(min(count, _MOST))]


def _check(
    header: bytes, index: int, hashed: Callable[[str, bool], bytes], lookup: Lookup
) -> Signature:
    tags: Tags = {}
    try:
        verifier = dkim.DKIM(header, logger=_QUIET)
        tags, names, fields = verifier.verify_headerprep(index)
        result, reason = _judge(verifier, tags, names, fields[index], hashed, lookup)
    except NoAnswerNow as error:
        result, reason = "temperror", str(error)
    except dkim.ValidationError as error:
        result, reason = "fail", str(error)
    except (dkim.NaClNotFoundError, dkim.UnknownKeyTypeError):
        result, reason = "neutral", "unknown algorithm"
    except (dkim.DKIMException, binascii.Error, ValueError, KeyError, TypeError) as error:
        result, reason = "permerror", str(error)
    except Exception:
        logger.exception("a DKIM signature could not be checked")
        result, reason = "permerror", "not understood"
    return Signature(
        result,
        _text(tags.get(b"d")).lower(),
        _text(tags.get(b"s")),
        _text(_NO_SPACE.sub(b"", tags.get(b"b", b"")))[:8],
        reason,
    )


def _judge(
    verifier: dkim.DKIM,
    tags: Tags,
    names: list[bytes],
    field: tuple[bytes, bytes],
    hashed: Callable[[str, bool], bytes],
    lookup: Lookup,
) -> tuple[str, str]:
    if b"l" in tags:
        # RFC 6376 §8.2: whatever is added behind what was signed would count as signed.
        return "policy", "a part of the body is not signed"
    algorithm = _text(tags[b"a"]).rpartition("-")[2].lower()
    if algorithm not in ALGORITHMS:
        return "neutral", "unknown algorithm"
    if algorithm == "sha1":
        return "policy", "signatures with SHA-1 count for nothing"  # RFC 8301 §3.1
    relaxed = _text(tags.get(b"c")).lower().partition("/")[2] == "relaxed"
    # The library would want the whole body in memory; without bh it checks the header only.
    claimed = base64.b64decode(_NO_SPACE.sub(b"", tags.pop(b"bh")))
    if hashed(algorithm, relaxed) != claimed:
        return "fail", "the body was changed"

    def ask(name: bytes, timeout: float = 0) -> bytes | None:
        found = lookup.texts(name.decode("ascii"))
        return found[0] if found else None

    if verifier.verify_sig(tags, names, field, ask):
        return "pass", ""
    if getattr(verifier, "pk", None) is None:
        return "permerror", "there is no such key"  # or it was revoked
    return "fail", "the header was changed"


def passing_domains(signatures: Sequence[Signature]) -> list[str]:
    """Return the domains that signed the message."""
    return [one.domain for one in signatures if one.result == "pass"]


def _text(value: bytes | None) -> str:
    return (value or b"").decode("ascii", "replace").strip()
