"""Octets to text by the name of a character set, whatever the name and the octets are."""

from __future__ import annotations

import codecs
from encodings.aliases import aliases

# Names that are common in mail and unknown to Python, or known for a smaller set than is meant.
_MAIL_NAMES = {
    "cp_850": "cp850",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso_8859_8_i": "iso8859_8",
    "iso_8859_8_e": "iso8859_8",
    "ks_c_5601_1987": "cp949",
    "unicode_1_1_utf_7": "utf_7",
    "windows_874": "cp874",
    "windows_31j": "cp932",
    "x_gbk": "gb18030",
    "x_sjis": "cp932",
}
# Not text, not on every system, or of quadratic cost (punycode and idna have no alias at all).
_REFUSED = {
    "base64_codec", "bz2_codec", "hex_codec", "mbcs", "quopri_codec", "rot_13", "uu_codec",
    "zlib_codec", "tactis",
}  # fmt: skip
# A closed list: codecs.lookup() remembers every name that it was ever asked for, so a name out of
# a message must not reach it unchecked.
_CODECS = {name: name for name in set(aliases.values()) - _REFUSED}
_CODECS |= {alias: name for alias, name in aliases.items() if name in _CODECS}
_CODECS |= _MAIL_NAMES
# Mail that says ISO-8859-1 and has octets that are none means windows-1252.
_CODECS |= {alias: "cp1252" for alias, name in _CODECS.items() if name == "latin_1"}


def decode_text(data: bytes, charset: str | None) -> str:
    """Decode octets; never an error, and the result can always be encoded as UTF-8.

    Arguments:
        data: the octets.
        charset: a name from a message. None, US-ASCII and unknown names are guessed: UTF-8
            if it is valid, else windows-1252.
    """
    codec = _CODECS.get(_normalized(charset)) if charset else None
    if codec is None or codec == "ascii":
        return _guess(data)
    text = codecs.decode(data, codec, "replace")
    if codec != "utf_7":
        return text
    # It can spell lone surrogates, which no other encoding can carry.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _normalized(charset: str) -> str:
    return charset.strip().lower().replace("-", "_").replace(" ", "_").replace(":", "_")


def _guess(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
