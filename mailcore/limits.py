"""Every bound of the engine, in one place. Nothing is unlimited by default."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on what a peer can make the engine hold or do. Sizes are octets, times are seconds.

    Fields that end in ``_before_login`` hold until the peer has authenticated; they are far tighter
    because anybody at all can reach them.
    """

    # IMAP: the command line without its literals.
    imap_line_before_login: int = 8 * KIB
    imap_line: int = 64 * KIB
    # IMAP: literals inside a command (not the message of APPEND). Many-literals memory exhaustion
    # has hit several servers, so size, sum and count are all bounded.
    imap_literals_before_login: int = 4 * KIB
    imap_literal: int = 128 * KIB
    imap_literals_total: int = MIB
    imap_literals_count: int = 1000
    # IMAP: a refused non-synchronising literal up to this size is swallowed; above it, BYE.
    imap_swallow: int = 64 * MIB
    # IMAP: octets that COMPRESS expands at a time. A few octets on the wire can stand for a
    # thousand times as many (deflate bombs); they wait unexpanded until these are dealt with.
    imap_inflate: int = 64 * KIB
    # APPEND and DATA: one message.
    message_size: int = 50 * MIB
    # A message above this size waits in a temporary file instead of memory.
    spool_memory: int = 256 * KIB
    # Names of mailboxes that clients make or subscribe: characters, and levels. Each level is a
    # name of its own in LIST.
    mailbox_name: int = 1000
    mailbox_levels: int = 50
    # CATENATE (RFC 4469): parts that one APPEND is put together of. A URL of a few octets has a
    # mailbox opened and a message looked at, even where it adds nothing.
    catenate_parts: int = 1000
    # URLs that one GENURLAUTH or URLFETCH names (RFC 4467), for the same reason.
    urls: int = 100
    # METADATA (RFC 5464): octets of one value, and annotations of one mailbox.
    metadata_value: int = 64 * KIB
    metadata_entries: int = 100
    # NOTIFY (RFC 5465): groups of events and mailboxes named in them. Each is compared with each
    # mailbox that changes.
    notify_names: int = 1000
    # Parsing: nesting of lists, SEARCH keys and body parts (a guard, instead of the Python stack).
    nesting_before_login: int = 8
    nesting: int = 32
    sequence_ranges_before_login: int = 100
    sequence_ranges: int = 10_000
    # IMAP client: one response of a server. A SEARCH that finds a million messages is one line of
    # eight million octets; a big subject is a literal; bodies of FETCH above imap_response_streamed
    # are handed on in chunks and count for nothing here.
    imap_response_line_before_login: int = 64 * KIB
    imap_response_line: int = 16 * MIB
    imap_response_literal: int = MIB
    imap_response: int = 32 * MIB
    imap_response_streamed: int = 64 * KIB
    imap_response_ranges: int = 1_000_000
    # IMAP client: commands that wait for their tagged response, and responses that come meanwhile
    # without one; a mailbox of a million messages answers one FETCH with a million.
    imap_open_commands: int = 100
    imap_responses: int = 10_000_000
    # Messages that one FETCH, STORE, SEARCH, COPY, MOVE or EXPUNGE takes (RFC 9738, MESSAGELIMIT):
    # far above what people have in a mailbox, for what else is open.
    messages_per_command: int = 1_000_000
    # Searches of one session that go on (RFC 5267, UPDATE): each of them looks at each message that
    # changes. And the results of all of them, which are kept with what decides their order.
    search_contexts: int = 10
    search_context_results: int = 100_000
    # FUZZY (RFC 6203): words of what is looked for, that are compared with distinct words of each
    # message, letter by letter with so many of these.
    fuzzy_terms: int = 16
    fuzzy_words: int = 10_000
    fuzzy_distances: int = 300
    # Mailboxes that one ESEARCH goes through (RFC 7377 §2.4), whose messages count together.
    search_mailboxes: int = 1000
    # Commands that were refused as bad before BYE (IMAP) or 421 (SMTP).
    bad_commands_before_login: int = 3
    bad_commands: int = 20
    # RFC 9051 §5.4: the inactivity timer of an authenticated session is at least 30 minutes.
    login_timeout: float = 60.0
    # A TLS handshake is a few packets; whoever needs longer is holding a connection open.
    handshake_timeout: float = 30.0
    idle_timeout: float = 30 * 60.0
    # Slow-loris: a whole command arrives in this time, message octets at this rate (octets a
    # second).
    command_timeout: float = 60.0
    minimum_rate: int = 1 * KIB
    # Message structure: what lies beyond is stored all the same and described as opaque.
    mime_depth: int = 100
    mime_parts: int = 10_000
    # All header blocks of a message together.
    header_block: int = MIB
    # Texts of one SEARCH that an index is asked for: each answer is as long as the mailbox at most.
    # Whatever is beyond is looked for in the messages, which takes time but no memory.
    text_lookups: int = 32
    # Words and operators of a query (X-GM-RAW): each may be looked for in each message.
    query_words: int = 100
    # Octets of a message's text that an index holds. A longer one (a log, a list of numbers) is
    # looked through when somebody searches.
    indexed_text: int = MIB
    # Changes that a slow reader has not been told; beyond, the session compares snapshots instead.
    queued_changes: int = 10_000
    # Results of SORT and THREAD of a whole mailbox that are kept until a message comes or goes:
    # with each page that it shows, webmail asks for the same again. Of more messages none is kept.
    kept_orders: int = 4
    kept_order_messages: int = 100_000
    # Summaries kept in memory of what was asked for lately, all sessions together.
    summary_cache: int = 32 * MIB
    # SMTP: RFC 5321 §4.5.3.1.4 asks for 512; AUTH lines carry OAuth tokens (RFC 4954 §4: 12,288).
    smtp_line: int = 2 * KIB
    smtp_auth_line: int = 12 * KIB
    # RFC 5321 §4.5.3.1.6: a text line is at most 1000 octets with its CRLF.
    smtp_text_line: int = 1000
    # RFC 3030 §2: the octets of a BDAT that is refused are still to be read. One that declares more
    # than this, and more than a message may have, is told so and cut off.
    smtp_swallow: int = 256 * MIB
    # RFC 5321 §4.5.3.1.10: at least 100.
    smtp_recipients: int = 1000
    # SMTP, the client's role: a server's reply. RFC 5321 §4.5.3.1.5 asks for 512 octets a line; the
    # longest replies are those to EHLO, some thirty lines.
    smtp_reply_line: int = 4 * KIB
    smtp_reply_lines: int = 500
    # RFC 5321 §4.5.3.2.7: a server waits at least 5 minutes for the next command.
    smtp_timeout: float = 300.0
    # Wrong passwords on one connection before it is closed.
    failed_logins: int = 20
    # Wrong passwords of one address in all its connections before answers take ever longer.
    failed_logins_per_peer: int = 50
    # Iterations that a server may ask of a client for SCRAM: some seconds at most (RFC 5802 §9).
    scram_iterations: int = 2_000_000
    # What a trusted proxy sends ahead of its client's octets (the PROXY protocol): a few hundred
    # octets, or some thousand with a certificate; at once, but a lost packet takes three seconds.
    proxy_header: int = 8 * KIB
    proxy_header_timeout: float = 10.0
    # Octets of what was said on each connection that are kept for whoever runs the server to look
    # at (some hundred lines), and connections that ended of which that is still known.
    transcript: int = 16 * KIB
    ended_sessions: int = 50
    # Connections at a time.
    connections_per_peer: int = 100
    connections: int = 10_000


DEFAULT_LIMITS = Limits()
