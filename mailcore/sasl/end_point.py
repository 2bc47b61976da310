"""``tls-server-end-point``: the hash of the server's certificate (RFC 5929 §4)."""

from __future__ import annotations

import hashlib
from typing import Final

#: The name of the channel binding type.
SERVER_END_POINT: Final = "tls-server-end-point"

# The hash of each signature algorithm, by the octets of its object identifier; MD5 and SHA-1 are
# replaced by SHA-256 (RFC 5929 §4.1). Where there is none, as with EdDSA, there is no binding.
_RSA: Final = bytes.fromhex("2a864886f70d0101")
_ECDSA: Final = bytes.fromhex("2a8648ce3d0403")
_HASHES: Final = {
    _RSA + b"\x04": "sha256",  # md5WithRSAEncryption
    _RSA + b"\x05": "sha256",  # sha1WithRSAEncryption
    _RSA + b"\x0b": "sha256",
    _RSA + b"\x0c": "sha384",
    _RSA + b"\x0d": "sha512",
    _RSA + b"\x0e": "sha224",
    bytes.fromhex("2a8648ce3d0401"): "sha256",  # ecdsa-with-SHA1
    _ECDSA + b"\x01": "sha224",
    _ECDSA + b"\x02": "sha256",
    _ECDSA + b"\x03": "sha384",
    _ECDSA + b"\x04": "sha512",
}


# Certificate  ::=  SEQUENCE  {
#     tbsCertificate       TBSCertificate,
#     signatureAlgorithm   AlgorithmIdentifier,
#     signatureValue       BIT STRING  }
# AlgorithmIdentifier  ::=  SEQUENCE  { algorithm OBJECT IDENTIFIER, ... }   (RFC 5280 §4.1)
def server_end_point(certificate: bytes) -> bytes | None:
    """Return the value of the binding, for both roles.

    Arguments:
        certificate: of the server, in DER.

    Returns:
        None if it was signed by an algorithm for which none is defined.

    Raises:
        ValueError: this is no certificate.
    """
    start, end = _contents(certificate, 0)
    _, after_body = _contents(certificate, start)
    algorithm, _ = _contents(certificate, after_body)
    identifier = certificate[slice(*_contents(certificate, algorithm))]
    if not (end <= len(certificate) and certificate[algorithm : algorithm + 1] == b"\x06"):
        raise ValueError("not a certificate")
    name = _HASHES.get(identifier)
    return None if name is None else hashlib.new(name, certificate).digest()


def _contents(data: bytes, start: int) -> tuple[int, int]:
    """Return where the contents of a DER value begin and end."""
    if start + 2 > len(data):
        raise ValueError("not a certificate")
    length = data[start + 1]
    begin = start + 2
    if length & 0x80:
        begin += length & 0x7F
        length = int.from_bytes(data[start + 2 : begin], "big")
    return begin, begin + length
