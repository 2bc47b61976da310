"""The bounds that hold for the next command: tight before login, wider after it."""

from __future__ import annotations

from dataclasses import dataclass

from mailcore.limits import Limits

# RFC 7888 §5, LITERAL-: the most octets of a non-synchronizing literal.
LITERAL_MINUS = 4096


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one command may be. Sizes are octets.

    Arguments:
        line: all lines of the command together, line ends included, literals not.
        literal: one literal.
        non_synchronizing: one literal that comes without being asked for.
        literals: all literals of a command.
        literals_count: how many literals.
        swallow: octets of refused literals that are read and dropped.
        nesting: brackets, SEARCH keys and part numbers within each other.
        ranges: in a sequence set.
    """

    line: int
    literal: int
    non_synchronizing: int
    literals: int
    literals_count: int
    swallow: int
    nesting: int
    ranges: int

    @classmethod
    def before_login(cls, limits: Limits) -> Bounds:
        """Return what anybody at all may send."""
        return cls(
            line=limits.imap_line_before_login,
            literal=limits.imap_literals_before_login,
            non_synchronizing=min(LITERAL_MINUS, limits.imap_literals_before_login),
            literals=limits.imap_literals_before_login,
            literals_count=limits.imap_literals_count,
            swallow=limits.imap_swallow,
            nesting=limits.nesting_before_login,
            ranges=limits.sequence_ranges_before_login,
        )

    @classmethod
    def after_login(cls, limits: Limits) -> Bounds:
        """Return what a known user may send."""
        return cls(
            line=limits.imap_line,
            literal=limits.imap_literal,
            non_synchronizing=limits.imap_literal,
            literals=limits.imap_literals_total,
            literals_count=limits.imap_literals_count,
            swallow=limits.imap_swallow,
            nesting=limits.nesting,
            ranges=limits.sequence_ranges,
        )


@dataclass(frozen=True, slots=True)
class ResponseBounds:
    """What one response of a server may be. Sizes are octets.

    Arguments:
        line: all lines of the response together, line ends included, literals not.
        literal: one literal that is held until the response is complete.
        response: lines and held literals together.
        streamed: a body of FETCH above this size comes in chunks.
        nesting: brackets and body parts within each other.
        ranges: in a sequence set.
    """

    line: int
    literal: int
    response: int
    streamed: int
    nesting: int
    ranges: int

    @classmethod
    def before_login(cls, limits: Limits) -> ResponseBounds:
        """Return what a server may send that has not been given a password yet."""
        return cls(
            line=limits.imap_response_line_before_login,
            literal=limits.imap_response_line_before_login,
            response=limits.imap_response_line_before_login,
            streamed=limits.imap_response_streamed,
            nesting=limits.nesting_before_login,
            ranges=limits.sequence_ranges_before_login,
        )

    @classmethod
    def after_login(cls, limits: Limits) -> ResponseBounds:
        """Return what a server may send in all its other responses."""
        return cls(
            line=limits.imap_response_line,
            literal=limits.imap_response_literal,
            response=limits.imap_response,
            streamed=limits.imap_response_streamed,
            nesting=limits.mime_depth,
            ranges=limits.imap_response_ranges,
        )
