"""Which messages answer which: ORDEREDSUBJECT, REFERENCES (RFC 5256 §3) and REFS.

Nothing here recurses: whoever sends mail decides how deep a thread is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from mailcore.imap.collation import Collation
from mailcore.imap.responses import ThreadNode


class Threadable(Protocol):
    """What threads are made of.

    ``date`` is the sent date in seconds, ``subject`` the base subject.
    """

    @property
    def number(self) -> int: ...
    @property
    def message_id(self) -> str | None: ...
    @property
    def references(self) -> Sequence[str]: ...
    @property
    def date(self) -> float: ...
    @property
    def subject(self) -> str: ...
    @property
    def is_reply(self) -> bool: ...


@dataclass(eq=False, slots=True)
class _Container:
    """A place in a thread; ``message`` is None for one that is only referred to.

    While links are made only ``parent`` counts: it may change. ``is_parent`` says that it has been
    one.
    """

    message: Threadable | None = None
    parent: _Container | None = None
    is_parent: bool = False
    children: list[_Container] = field(default_factory=list)

    def adopt(self, child: _Container) -> None:
        child.parent = self
        self.children.append(child)

    def is_below(self, other: _Container) -> bool:
        """Tell whether this one is ``other`` or a descendant of it."""
        if not other.is_parent:
            return self is other
        place: _Container | None = self
        while place is not None and place is not other:
            place = place.parent
        return place is not None


def thread_by_subject(messages: Iterable[Threadable], collate: Collation) -> list[ThreadNode]:
    """ORDEREDSUBJECT: one thread for each base subject, the answers below the first message."""
    groups: dict[str, list[Threadable]] = {}
    for message in messages:
        groups.setdefault(collate(message.subject), []).append(message)
    threads: list[tuple[tuple[float, int], ThreadNode]] = []
    for group in groups.values():
        first, *rest = sorted(group, key=_by_date)
        answers = tuple(ThreadNode(one.number) for one in rest)
        threads.append((_by_date(first), ThreadNode(first.number, answers)))
    threads.sort(key=lambda thread: thread[0])
    return [node for _, node in threads]


def thread_by_references(messages: Iterable[Threadable], collate: Collation) -> list[ThreadNode]:
    """REFERENCES: by what messages refer to, and where nothing does, by their base subjects."""
    roots = _pruned(_linked(messages))
    _sort_children(roots, _by_date)
    roots.sort(key=_root_order(_by_date))
    roots = _merged_by_subject(roots, collate)
    # What was merged may have come in anywhere.
    _sort_children(roots, _by_date)
    roots.sort(key=_root_order(_by_date))
    return _nodes(roots)


def thread_by_refs(messages: Iterable[Threadable], collate: Collation) -> list[ThreadNode]:
    """REFS: as REFERENCES, but never by subject, and with the latest thread last."""
    roots = _pruned(_linked(messages))
    _sort_children(roots, _by_date)
    latest = {
        id(root): max(_by_date(one.message) for one in _below(root) if one.message is not None)
        for root in roots
    }
    roots.sort(key=lambda root: latest[id(root)])
    return _nodes(roots)


Algorithm = Callable[[Iterable[Threadable], Collation], list[ThreadNode]]

#: By the names that THREAD= tells.
ALGORITHMS: Final[dict[str, Algorithm]] = {
    "ORDEREDSUBJECT": thread_by_subject,
    "REFERENCES": thread_by_references,
    "REFS": thread_by_refs,
}


def _by_date(message: Threadable) -> tuple[float, int]:
    return message.date, message.number


# ------------------------------------------------------------------------- the steps of RFC 5256


def _linked(messages: Iterable[Threadable]) -> list[_Container]:
    """Steps 1 and 2: link what refers to each other; return those with nothing above them."""
    table: dict[str, _Container] = {}
    alone: list[_Container] = []
    for message in messages:
        container = table.get(message.message_id) if message.message_id is not None else None
        if message.message_id is None or (container is not None and container.message is not None):
            # No identifier, or one that another message has: it stands by itself.
            container = _Container(message)
            alone.append(container)
        elif container is None:
            container = table[message.message_id] = _Container(message)
        else:
            container.message = message
        _link_references(table, container, message.references)
    roots: list[_Container] = []
    for container in (*table.values(), *alone):
        siblings = roots if container.parent is None else container.parent.children
        siblings.append(container)
    return roots


def _link_references(
    table: dict[str, _Container], container: _Container, references: Sequence[str]
) -> None:
    previous: _Container | None = None
    for identifier in references:
        referred = table.setdefault(identifier, _Container())
        if (
            previous is not None
            and referred.parent is None
            and referred is not container
            and not previous.is_below(referred)
        ):
            _link(previous, referred)
        previous = referred
    # What the message says of itself counts more than what others said of it.
    if previous is not None and not previous.is_below(container):
        _link(previous, container)


def _link(parent: _Container, child: _Container) -> None:
    child.parent = parent
    parent.is_parent = True


def _pruned(roots: list[_Container]) -> list[_Container]:
    """Step 3: take out what is only referred to, where its children can take its place."""
    top = _Container(children=roots)
    for container in _from_below(top):
        kept: list[_Container] = []
        for child in container.children:
            if child.message is not None:
                kept.append(child)
            elif not child.children:
                continue
            elif container is top and len(child.children) > 1:
                kept.append(child)
            else:
                kept += child.children
        for child in kept:
            child.parent = None if container is top else container
        container.children = kept
    return top.children


def _merged_by_subject(roots: list[_Container], collate: Collation) -> list[_Container]:
    """Step 5: put threads of the same subject together."""
    table: dict[str, _Container] = {}
    for root in roots:
        subject = collate(_first(root).subject)
        if not subject:
            continue
        known = table.get(subject)
        if known is None or _is_better(root, known):
            table[subject] = root
    kept: list[_Container] = []
    merged: dict[int, _Container] = {}
    for root in roots:
        subject = collate(_first(root).subject)
        known = table.get(subject) if subject else None
        if known is None or known is root:
            continue
        _merge(root, merged.get(id(known), known), known, merged)
    gone = {id(root) for root in roots if root.parent is not None}
    for root in roots:
        replacement = merged.get(id(root))
        if replacement is not None:
            kept.append(replacement)
        elif id(root) not in gone:
            kept.append(root)
    return _unique(kept)


def _is_better(root: _Container, known: _Container) -> bool:
    """Tell whether the subject table should name another root (RFC 5256 §3, step 5.B.iii)."""
    if known.message is None:
        return False
    return root.message is None or (known.message.is_reply and not root.message.is_reply)


def _merge(
    root: _Container, target: _Container, known: _Container, merged: dict[int, _Container]
) -> None:
    """Step 5.C: merge a root into the one that has its subject."""
    if root.message is None and target.message is None:
        for child in root.children:
            target.adopt(child)
        root.children = []
        merged[id(root)] = target
    elif target.message is None or (
        root.message is not None and root.message.is_reply and not target.message.is_reply
    ):
        target.adopt(root)
    else:
        both = _Container()
        merged[id(known)] = both
        both.adopt(target)
        both.adopt(root)


def _unique(roots: list[_Container]) -> list[_Container]:
    return list({id(root): root for root in roots}.values())


def _first(root: _Container) -> Threadable:
    """Return the message of a root, or of the first of its children."""
    place = root
    while place.message is None:
        place = place.children[0]
    return place.message


def _sort_children(
    roots: Iterable[_Container], key: Callable[[Threadable], tuple[float, int]]
) -> None:
    for root in roots:
        for container in _below(root):
            container.children.sort(key=_root_order(key))


def _root_order(
    key: Callable[[Threadable], tuple[float, int]],
) -> Callable[[_Container], tuple[float, int]]:
    def order(container: _Container) -> tuple[float, int]:
        if container.message is not None:
            return key(container.message)
        return min(key(_first(child)) for child in container.children)

    return order


def _below(root: _Container) -> Iterator[_Container]:
    """Yield a container and all below it, those above before those below."""
    waiting = [root]
    while waiting:
        container = waiting.pop()
        yield container
        waiting += container.children


def _from_below(root: _Container) -> list[_Container]:
    return list(_below(root))[::-1]


def _nodes(roots: Sequence[_Container]) -> list[ThreadNode]:
    """Turn containers into what a response holds."""
    made: dict[int, ThreadNode] = {}
    for container in _from_below(_Container(children=list(roots))):
        number = container.message.number if container.message is not None else None
        children = tuple(made.pop(id(child)) for child in container.children)
        made[id(container)] = ThreadNode(number, children)
    ((_, top),) = made.items()
    return list(top.children)
