"""The states of RFC 9051 §3 as tables: what may be said in each, and where it leads."""

from __future__ import annotations

from mailcore.imap import commands as c
from mailcore.imap.types import State, Status

_ANY: frozenset[type[c.Command]] = frozenset({c.Capability, c.Noop, c.Logout, c.Id, c.Language})
_NOT_AUTHENTICATED: frozenset[type[c.Command]] = frozenset({c.StartTls, c.Authenticate, c.Login})
_AUTHENTICATED: frozenset[type[c.Command]] = frozenset(
    {
        c.Enable,
        c.Compress,
        c.Unauthenticate,
        c.Comparator,
        c.Select,
        c.Create,
        c.Delete,
        c.Rename,
        c.Subscribe,
        c.Unsubscribe,
        c.List,
        c.Lsub,
        c.Namespace,
        c.GetMetadata,
        c.Notify,
        c.SetMetadata,
        c.StatusCommand,
        c.Esearch,
        c.AppendBegin,
        c.GetQuota,
        c.GetQuotaRoot,
        c.SetQuota,
        c.SetAcl,
        c.DeleteAcl,
        c.GetAcl,
        c.ListRights,
        c.MyRights,
        c.GenUrlAuth,
        c.ResetKey,
        c.UrlFetch,
        c.Idle,
    }
)
_SELECTED: frozenset[type[c.Command]] = frozenset(
    {
        c.Check,
        c.Close,
        c.Unselect,
        c.Expunge,
        c.Search,
        c.CancelUpdate,
        c.Sort,
        c.Thread,
        c.Fetch,
        c.Store,
        c.Copy,
        c.Move,
        c.Replace,
    }
)

#: The commands of each state (RFC 9051 §6); what is missing is an error.
ALLOWED: dict[State, frozenset[type[c.Command]]] = {
    State.NOT_AUTHENTICATED: _ANY | _NOT_AUTHENTICATED,
    State.AUTHENTICATED: _ANY | _AUTHENTICATED,
    State.SELECTED: _ANY | _AUTHENTICATED | _SELECTED,
    State.LOGOUT: frozenset(),
}

#: Where the end of a command leads; what is missing stays.
TRANSITIONS: dict[tuple[State, type[c.Command], Status], State] = {
    (State.NOT_AUTHENTICATED, c.Authenticate, Status.OK): State.AUTHENTICATED,
    (State.NOT_AUTHENTICATED, c.Login, Status.OK): State.AUTHENTICATED,
    (State.AUTHENTICATED, c.Select, Status.OK): State.SELECTED,
    # RFC 9051 §6.3.2: a SELECT that fails leaves no mailbox selected.
    (State.SELECTED, c.Select, Status.NO): State.AUTHENTICATED,
    (State.SELECTED, c.Close, Status.OK): State.AUTHENTICATED,
    (State.SELECTED, c.Unselect, Status.OK): State.AUTHENTICATED,
    (State.AUTHENTICATED, c.Unauthenticate, Status.OK): State.NOT_AUTHENTICATED,
    (State.SELECTED, c.Unauthenticate, Status.OK): State.NOT_AUTHENTICATED,
    (State.NOT_AUTHENTICATED, c.Logout, Status.OK): State.LOGOUT,
    (State.AUTHENTICATED, c.Logout, Status.OK): State.LOGOUT,
    (State.SELECTED, c.Logout, Status.OK): State.LOGOUT,
}
# Those that ever lead anywhere.
_LEADING = frozenset(command for _, command, _ in TRANSITIONS)


def is_allowed(state: State, command: type[c.Command]) -> bool:
    """Tell whether a client may give this command in this state."""
    return command in ALLOWED[state]


def next_state(state: State, command: type[c.Command], status: Status) -> State:
    """Return the state after a tagged response of ``status`` to ``command``."""
    if command not in _LEADING:
        return state
    return TRANSITIONS.get((state, command, status), state)
