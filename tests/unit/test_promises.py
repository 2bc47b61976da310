"""What real clients do, what hostile ones try, and every bound: which tests prove each of them.

Node ids are relative to ``tests``. One that is not there any more fails here, so that no promise
loses its proof by a rename.
"""

from __future__ import annotations

import ast
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from mailcore.limits import Limits

TESTS = Path(__file__).parents[1]

ATTACKS = "unit/imap/test_connection_attacks.py"
CLIENTS = "unit/imap/test_connection_clients.py"
SESSION = "unit/imap/session/test_session_"
FETCH = f"{SESSION}fetch.py"
AUDIT = "property/test_fetch_audit.py"
SMTP = "unit/smtp/test_smtp_"
SMTP_ROWS = f"{SMTP}attacks.py::test_each_row_for_every_split"
DRIVER = "unit/net/test_driver.py"
LIVE = "integration/test_"

REAL_CLIENTS: dict[str, list[str]] = {
    "iOS pipelines the next command right behind DONE": [
        f"{CLIENTS}::test_the_next_command_right_behind_done_runs",
        f"{LIVE}idle.py::test_a_command_right_behind_done_runs",
    ],
    "iOS sends IDLE while idling": [
        f"{CLIENTS}::test_a_second_idle_while_idling_is_bad_and_idling_goes_on",
        f"{LIVE}idle.py::test_a_second_idle_while_idling_harms_nothing",
    ],
    "Apple Mail loops over a stale EXISTS, and over sizes that do not agree with the octets": [
        f"{AUDIT}::test_messages_that_other_servers_get_wrong",
        f"{AUDIT}::test_any_message",
        "unit/message/test_structure.py::test_message_without_a_final_newline",
        f"{LIVE}views.py::test_what_every_client_was_told_is_true",
        f"{SESSION}idle.py::test_a_message_that_comes_during_select_is_told_by_the_next_command",
    ],
    "Thunderbird APPENDs with UTF8 (~{n}, and opens five connections": [
        f"{SESSION}rev2.py::test_thunderbird_appends_with_utf8",
        f"{LIVE}python_clients.py::test_five_connections_at_once_see_the_same",
    ],
    "sets like *:3, 1,* and 5:* on three messages, * on none": [
        f"{CLIENTS}::test_sequence_sets_as_clients_write_them",
        f"{FETCH}::test_numbers_beyond_the_mailbox",
        "unit/imap/test_search.py::test_sets_in_an_empty_mailbox",
    ],
    "new Outlook sends LOGIN with {n+}; LITERAL- before login": [
        f"{CLIENTS}::test_new_outlook_logs_in_with_literals",
        f"{ATTACKS}::test_literal_minus_before_login_and_literal_plus_after",
    ],
    "Office 365 enables UIDONLY and uses numbers all the same": [
        f"{SESSION}uid_only.py::test_numbers_are_refused_as_often_as_they_come",
    ],
    "SPECIAL-USE on LIST, for those who would make a folder of their own": [
        f"{SESSION}mailboxes.py::test_list_tells_children_and_special_use",
        f"{LIVE}python_clients.py::test_special_use_tells_clients_where_sent_mail_goes",
    ],
    "names with &, emoji, /, quotes, a trailing space; INBOX in any case": [
        f"{SESSION}mailboxes.py::test_names_go_both_ways",
        f"{SESSION}mailboxes.py::test_inbox_is_found_in_any_case",
        f"{CLIENTS}::test_mailbox_names",
        "property/test_imap_wire.py::test_mailbox_names_survive_modified_utf7",
    ],
    "FETCH of a number that another session has expunged": [
        f"{FETCH}::test_of_a_message_that_is_gone_nothing_is_told",
        f"{SESSION}expunge.py::test_nobody_is_told_while_numbers_are_in_use",
        f"{LIVE}idle.py::test_a_number_never_names_the_wrong_message",
    ],
    "COPY, MOVE and STORE of a UID that is gone are OK": [
        f"{SESSION}copy_move.py::test_uid_copy_passes_over_what_there_is_not",
        f"{SESSION}copy_move.py::test_uid_move_of_nothing",
        f"{SESSION}store.py::test_messages_that_are_gone_are_passed_over_and_keep_their_numbers",
    ],
    "a change in the instant before IDLE is told at its start": [
        f"{SESSION}idle.py::test_what_happened_before_is_told_at_once",
        f"{LIVE}idle.py::test_a_change_just_before_idle_is_told_at_its_start",
    ],
    "BODYSTRUCTURE: numbers, spaces, messages within, parameters, places, empty multiparts": [
        f"{AUDIT}::test_messages_that_other_servers_get_wrong",
        f"{AUDIT}::test_messages_within_messages",
        f"{AUDIT}::test_the_reader_notices_what_broke_other_servers",
        "unit/message/test_structure.py::test_an_empty_multipart_has_one_empty_text_part",
        "unit/message/test_structure.py::test_all_content_fields",
        "unit/message/test_mime_parameters.py::test_parameters",
        f"{LIVE}dovecot_differential.py::test_the_answers_mean_the_same",
    ],
    "BODY[1.MIME], BODY[2.1.HEADER], BODY[]<0.0>, a partial past the end": [
        f"{AUDIT}::test_messages_that_other_servers_get_wrong",
        f"{FETCH}::test_sections",
        f"{FETCH}::test_a_partial_fetch_is_cut_at_the_end_and_tells_its_origin",
    ],
    "SEARCH NOT DELETED, UID *, CHARSET UTF-8 with literals, an unknown charset": [
        f"{CLIENTS}::test_searches",
        f"{CLIENTS}::test_an_unknown_charset_is_no_with_badcharset",
        f"{SESSION}search.py::test_keys",
        f"{SESSION}search.py::test_text_beyond_ascii_is_found_whatever_its_case",
    ],
    "UID SEARCH and UID FETCH while another expunges; n:* beyond the end": [
        f"{SESSION}search.py::test_what_another_has_removed_matches_nothing",
        f"{SESSION}search.py::test_what_vanishes_during_the_search_matches_nothing",
        f"{FETCH}::test_uid_fetch_may_tell_that_messages_are_gone",
        f"{FETCH}::test_numbers_beyond_the_mailbox",
        "property/test_imap_session_machine.py::TestTwoSessions",
    ],
    "COMPRESS=DEFLATE is flushed after each reply": [
        "unit/imap/test_compression.py::test_all_is_compressed_from_the_answer_on",
        "unit/imap/test_client_pair.py::test_compressed_and_plain_again",
        f"{LIVE}node_clients.py::test_imapflow_learns_what_it_has_missed",
    ],
    "mbsync keeps thousands of messages in step, octet for octet": [
        f"{LIVE}mbsync.py::test_thousands_of_messages_come_octet_for_octet",
        f"{LIVE}mbsync.py::test_changes_go_both_ways",
    ],
    "clients as people have them, live": [
        f"{LIVE}python_clients.py::test_imaplib_walks_through_a_mailbox",
        f"{LIVE}python_clients.py::test_imapclient",
        f"{LIVE}python_clients.py::test_imapclient_idles",
        f"{LIVE}python_clients.py::test_aioimaplib_is_told_at_once",
        f"{LIVE}more_clients.py::test_imap_tools",
        f"{LIVE}more_clients.py::test_mutt_sends_and_keeps_a_copy",
        f"{LIVE}more_clients.py::test_mutt_reads_flags_and_deletes",
        f"{LIVE}more_clients.py::test_fetchmail",
        f"{LIVE}more_clients.py::test_getmail",
        f"{LIVE}more_clients.py::test_offlineimap_goes_both_ways",
        f"{LIVE}node_clients.py::test_imapflow_walks_through_a_mailbox",
        f"{LIVE}node_clients.py::test_nodemailer_sends",
        f"{LIVE}command_line_clients.py::test_curl_lists_and_reads",
        f"{LIVE}command_line_clients.py::test_msmtp_authenticates",
        f"{LIVE}command_line_clients.py::test_swaks_submits",
        f"{LIVE}postfix_delivers.py::test_postfix_delivers",
        f"{LIVE}haproxy.py::test_imap_through_a_proxy",
    ],
    "AUTH is offered at once on implicit TLS; auth login in small letters": [
        f"{SESSION}auth.py::test_the_greeting_offers_passwords_over_tls_at_once",
        f"{SESSION}auth.py::test_plain_with_an_initial_response_in_any_case",
        f"{LIVE}delivery.py::test_what_the_doors_offer",
        f"{LIVE}delivery.py::test_login_and_plain_in_any_case",
    ],
    "old devices: a space before the path, no brackets": [
        f"{SMTP}grammar.py::test_quirks_pass_only_by_name",
        f"{LIVE}smtp_doors.py::test_old_devices_are_let_in_by_name",
    ],
    "clients that hang up, half-close, or reset within a literal or DATA": [
        f"{LIVE}hangups.py::test_append_is_whole_or_not_at_all",
        f"{LIVE}hangups.py::test_data_is_whole_or_not_at_all",
        f"{LIVE}hangups.py::test_who_leaves_while_idling",
        f"{DRIVER}::test_a_half_closed_client_gets_its_answer",
        f"{SESSION}append.py::test_what_has_come_is_given_back_when_the_client_hangs_up",
        f"{SMTP}connection.py::test_eof_within_a_message_is_no_end_of_data",
    ],
}

BOUNDS: dict[tuple[str, ...], list[str]] = {
    ("imap_line_before_login", "imap_line"): [
        f"{ATTACKS}::test_a_line_too_long_is_skipped_to_its_end",
        f"{ATTACKS}::test_lines_between_literals_are_added_up",
        "property/test_imap_wire.py::test_an_endless_line_is_not_kept",
    ],
    (
        *("imap_literals_before_login", "imap_literal", "imap_literals_total"),
        *("imap_literals_count", "imap_swallow"),
    ): [
        f"{ATTACKS}::test_literal_sum_and_count_are_capped",
        f"{ATTACKS}::test_refused_literals_are_added_up_before_the_second_cap",
        f"{ATTACKS}::test_a_declared_size_allocates_nothing",
    ],
    ("message_size", "spool_memory"): [
        f"{ATTACKS}::test_literals_of_a_command_that_is_not_allowed_are_refused",
        f"{SESSION}append.py::test_more_than_a_message_may_have_is_refused_before_it_comes",
        "unit/test_spool.py::test_a_large_message_costs_no_memory",
        f"{SMTP}memory.py::test_a_message_of_50_mib_costs_less_than_2",
    ],
    ("nesting_before_login", "nesting"): [
        f"{ATTACKS}::test_deep_nesting_is_bad",
        f"{ATTACKS}::test_nesting_up_to_the_limit_is_fine",
    ],
    ("sequence_ranges_before_login", "sequence_ranges"): [
        f"{ATTACKS}::test_ranges_of_a_sequence_set_are_counted",
    ],
    ("bad_commands_before_login", "bad_commands"): [
        f"{ATTACKS}::test_bad_commands_are_counted",
        f"{SMTP}connection.py::test_bad_commands_are_counted",
    ],
    ("login_timeout", "idle_timeout", "smtp_timeout", "handshake_timeout"): [
        f"{DRIVER}::test_logging_in_has_one_time_for_all",
        f"{DRIVER}::test_a_handshake_that_does_not_come_is_cut_off",
        f"{SESSION}idle.py::test_silence_ends_with_a_goodbye",
        f"{SMTP}session.py::test_how_long_a_peer_may_be_silent",
    ],
    ("mime_depth", "mime_parts", "header_block"): [
        "unit/message/test_message_attacks.py::test_depth",
        "unit/message/test_message_attacks.py::test_parts",
        "unit/message/test_message_attacks.py::test_a_long_header_block",
        "unit/message/test_message_attacks.py::test_all_header_blocks_together",
        "unit/imap/test_summary.py::test_limits_bound_what_is_looked_at",
    ],
    ("imap_inflate",): [
        "unit/imap/test_compression.py::test_a_bomb_waits_unexpanded",
        "unit/imap/test_compression.py::test_a_bomb_of_one_line_is_dropped_as_it_expands",
    ],
    ("queued_changes",): [
        f"{SESSION}expunge.py::test_a_client_far_behind_is_told_by_comparing",
        f"{SESSION}notify.py::test_too_much_news_ends_it",
    ],
    ("smtp_line", "smtp_auth_line"): [
        f"{SMTP_ROWS}[an over-long line]",
        f"{SMTP}connection.py::test_auth_lines_may_be_longer",
        f"{SMTP}framer.py::test_an_endless_line_costs_no_memory",
    ],
    ("smtp_text_line",): [
        f"{SMTP}data.py::test_a_text_line_has_1000_octets_at_most_its_dots_not_counted_twice",
    ],
    ("smtp_recipients",): [
        f"{SMTP}session.py::test_too_many_recipients",
        f"{SMTP}attacks.py::test_recipients_without_end",
    ],
    ("smtp_swallow",): [f"{SMTP}chunking.py::test_sizes_of_chunks_and_their_sum"],
    ("command_timeout", "minimum_rate"): [
        f"{DRIVER}::test_crumbs_do_not_keep_a_connection_open",
        f"{DRIVER}::test_octets_at_the_minimum_rate_keep_it_open",
        f"{DRIVER}::test_a_reader_that_does_not_read_is_cut_off",
        "unit/net/test_services.py::test_a_message_in_crumbs_comes_to_an_end",
    ],
    ("connections_per_peer", "connections"): [
        "unit/net/test_listener.py::test_over_the_limit_of_a_peer_there_is_a_word_and_an_end",
        "unit/net/test_listener.py::test_the_total_is_limited_too",
        f"{LIVE}python_clients.py::test_connections_to_an_inbox_are_limited",
    ],
    ("proxy_header", "proxy_header_timeout"): [
        "unit/test_proxy_protocol.py::test_anything_else_is_refused_and_tells_why",
        "unit/net/test_proxied.py::test_half_a_header_is_not_waited_for_forever",
    ],
    ("failed_logins", "failed_logins_per_peer"): [
        f"{SESSION}auth.py::test_failed_logins_get_slower_and_end_the_connection",
        f"{SMTP}session.py::test_wrong_passwords_are_answered_ever_more_slowly_and_then_no_more",
        "unit/net/test_failed_logins.py",
    ],
}

HOSTILE_IMAP: dict[str, list[str]] = {
    "{N+} larger than allowed: consumed, BAD, never run; above a second cap BYE": [
        f"{ATTACKS}::test_non_synchronizing_literal_too_large_is_consumed_and_never_run",
        f"{ATTACKS}::test_non_synchronizing_literal_above_the_second_cap_is_the_end",
    ],
    "{N} larger than allowed: refused at once, the next line is a command": [
        f"{ATTACKS}::test_synchronizing_literal_too_large_is_refused_at_once",
    ],
    "too many literals, or too much of them": [
        f"{ATTACKS}::test_literal_sum_and_count_are_capped",
        "unit/imap/wire/test_imap_framer.py::test_only_so_much_is_swallowed_in_all",
    ],
    "{-1}, {+5}, {1e3}, sizes of 40 digits": [
        f"{ATTACKS}::test_sizes_that_are_none_are_bad_and_never_a_hang",
        f"{ATTACKS}::test_a_size_of_thousands_of_digits_is_no_number",
    ],
    "3,000 opening brackets; nested NOT, OR, BODY": [f"{ATTACKS}::test_deep_nesting_is_bad"],
    "an invalid name before login: the state is checked first": [
        f"{ATTACKS}::test_the_state_is_checked_before_the_arguments",
    ],
    "LIST with many * over long names": [
        f"{SESSION}list_extended.py::test_many_wildcards_take_no_time",
        "unit/imap/test_listing.py::test_many_wildcards_take_no_longer_than_their_number",
    ],
    "an HTTP request or a TLS hello on a plain port": [
        f"{ATTACKS}::test_other_protocols_are_closed_at_once",
        f"{LIVE}hangups.py::test_who_speaks_no_tls",
    ],
    "octets behind STARTTLS, whole or partial line, both roles": [
        f"{ATTACKS}::test_octets_behind_starttls_close",
        f"{ATTACKS}::test_octets_between_the_ok_and_the_handshake_close",
        f"{SESSION}auth.py::test_plaintext_behind_starttls_ends_the_session_before_any_handshake",
        "unit/net/test_services.py::test_octets_behind_starttls_end_the_connection",
        "unit/imap/test_client_connection.py::test_octets_behind_starttls_close",
    ],
    "data injected before TLS, the client's role": [
        "unit/imap/test_client_connection.py::test_starttls_forgets_all_that_was_said_in_the_clear",
    ],
    "CR, LF or NUL in what is sent back": [
        "unit/imap/wire/test_imap_strings.py"
        "::test_what_cannot_be_written_is_an_error_and_not_an_injection",
        "unit/imap/wire/test_imap_strings.py::test_text_for_people_stays_on_its_line",
        "property/test_imap_responses.py::test_every_response_survives_the_wire",
        f"{SESSION}refusals.py::test_the_words_of_a_refusal_stay_on_their_line",
    ],
    "AUTHENTICATE with bad base64, *, over-long lines": [
        f"{ATTACKS}::test_a_bad_sasl_line_ends_the_exchange",
        f"{ATTACKS}::test_a_cancelled_exchange_is_counted",
        "property/test_sasl.py::test_a_server_meets_any_client",
    ],
    "SEARCH with a term like a regular expression, or of 64 KiB": [
        f"{ATTACKS}::test_a_search_term_of_64_kib_and_regex_characters",
    ],
    "10,000 references; cycles; 10,000 parts; header lines of a MiB": [
        "unit/message/test_message_attacks.py::test_ten_thousand_references",
        "unit/message/test_message_attacks.py::test_parts",
        "unit/message/test_message_attacks.py::test_headers_take_linear_time",
        "unit/imap/test_threading.py::test_cycles_end",
        "unit/imap/test_threading.py::test_a_chain_of_ten_thousand_needs_no_deep_stack",
    ],
}

HOSTILE_SMTP: dict[str, list[str]] = {
    "only CRLF . CRLF ends a message; what looks like it dooms it after its true end": [
        SMTP_ROWS,
        f"{SMTP}data.py::test_what_only_looks_like_the_end_dooms_the_message_after_its_true_end",
        f"{SMTP}data.py::test_a_bare_cr_before_a_true_end_still_ends_it",
    ],
    "a first line of two dots; an immediate end": [
        f"{SMTP_ROWS}[a first line of two dots]",
        f"{SMTP_ROWS}[an immediate end]",
    ],
    "the writer passes no stray CR or LF": [
        f"{SMTP}client.py::test_a_message_with_stray_octets_is_not_sent",
        f"{SMTP}client.py::test_a_message_can_be_mended",
        "property/test_smtp_client.py::test_the_writer_passes_no_stray_octet",
    ],
    "octets behind STARTTLS; everything is forgotten": [
        f"{SMTP_ROWS}[bytes behind STARTTLS, a whole line]",
        f"{SMTP_ROWS}[bytes behind STARTTLS, part of a line]",
        f"{SMTP}attacks.py::test_starttls_forgets_hello_and_envelope",
        f"{LIVE}smtp_doors.py::test_what_is_pipelined_behind_starttls_is_never_obeyed",
    ],
    "AUTH without TLS": [
        f"{SMTP_ROWS}[AUTH without TLS]",
        f"{SMTP}session.py::test_no_auth_without_tls",
    ],
    "AUTH within a transaction, or twice": [
        f"{SMTP_ROWS}[AUTH within a transaction]",
        f"{SMTP_ROWS}[AUTH twice]",
    ],
    "pipelining past points of synchronization; talking before the greeting": [
        f"{SMTP}connection.py::test_talking_past_a_point_of_synchronization_closes",
        f"{SMTP}attacks.py::test_talking_before_the_greeting_closes",
        "property/test_smtp_server.py::test_octets_before_the_greeting_close",
    ],
    "DATA and BDAT with no valid recipient": [
        f"{SMTP_ROWS}[DATA with no valid recipient]",
        f"{SMTP_ROWS}[BDAT with no valid recipient]",
        f"{SMTP}chunking.py::test_the_octets_of_a_chunk_are_never_commands",
    ],
    "an over-long line: resynchronized at its end": [f"{SMTP_ROWS}[an over-long line]"],
    "endless DATA without a line end": [
        f"{SMTP}memory.py::test_a_line_without_end_costs_no_memory",
        f"{SMTP}data.py::test_endless_data_without_a_line_end_costs_no_memory",
    ],
    "controls in a path, also after xtext": [
        f"{SMTP_ROWS}[a control in a path]",
        f"{SMTP_ROWS}[DEL in a path]",
        f"{SMTP_ROWS}[a control in xtext]",
    ],
    "duplicate or unknown parameters": [
        f"{SMTP_ROWS}[a duplicate parameter]",
        f"{SMTP_ROWS}[an unknown parameter]",
        f"{SMTP_ROWS}[unknown parameters of RCPT]",
    ],
    "8 bits without SMTPUTF8; invalid UTF-8": [
        f"{SMTP_ROWS}[8 bits without SMTPUTF8]",
        f"{SMTP_ROWS}[invalid UTF-8]",
    ],
    "a message over SIZE, declared or real": [
        f"{SMTP_ROWS}[a size that is too much]",
        f"{SMTP_ROWS}[more than the size]",
        f"{SMTP}session.py::test_the_size_declared_and_the_real_one",
        f"{SMTP}memory.py::test_a_declared_size_allocates_nothing",
    ],
    "20 failed AUTHs, and a limit for each address": [
        f"{SMTP}attacks.py::test_failed_logins_are_answered_ever_more_slowly",
        "unit/net/test_failed_logins.py",
    ],
    "an HTTP request": [f"{SMTP_ROWS}[an HTTP request]", f"{SMTP_ROWS}[a POST]"],
    "lines that end in LF": [
        f"{SMTP_ROWS}[lines that end in LF]",
        f"{SMTP}connection.py::test_the_quirk_of_bare_lf",
    ],
    "the client's role: long lines, 10,000 lines, odd and mixed codes, data behind STARTTLS": [
        f"{SMTP}client.py::test_a_server_that_breaks_the_protocol",
        f"{SMTP}client.py::test_an_endless_reply_line_is_not_held",
        f"{SMTP}client.py::test_data_behind_the_answer_to_starttls_is_an_attack",
    ],
}

TABLES = (REAL_CLIENTS, BOUNDS, HOSTILE_IMAP, HOSTILE_SMTP)


@cache
def names(file: str) -> set[str]:
    """Return the tests that a file defines or makes."""
    tree = ast.parse((TESTS / file).read_text("utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return {name for name in found if name.lower().startswith("test")}


PROOFS = list(dict.fromkeys(proof for table in TABLES for row in table.values() for proof in row))


@pytest.mark.parametrize("proof", PROOFS)
def test_every_proof_is_there(proof: str) -> None:
    file, _, name = proof.partition("::")
    test, _, case = name.removesuffix("]").partition("[")
    assert names(file), f"{file} has no tests"
    assert not test or test in names(file)
    assert not case or f'"{case}"' in (TESTS / file).read_text("utf-8")


def test_every_promise_has_a_proof() -> None:
    assert all(proofs for table in TABLES for proofs in table.values())


def test_every_bound_is_a_field_of_limits() -> None:
    named = [name for row in BOUNDS for name in row]
    assert len(named) == len(set(named))
    assert set(named) <= {field.name for field in fields(Limits)}
