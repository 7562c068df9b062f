"""What a run may spend, has spent and has promised: the arithmetic of caps, without clock or calls.

Before a call is sent, its worst case is reserved with three accounts: of the run, of its group, of its agent.
When it has ended, what it took is booked in place of that. A turn starts only if, in each of these accounts,
what is spent and promised leaves room for its worst case. So however many turns are in flight, no cap is
exceeded by calls that keep to their worst case.

The accounts are folded from facts: `TurnStarted` carries what bounds the call, `TurnEnded` what it took. What
was sent and has no recorded outcome counts whole, and so does what may have been paid and nobody can say how
much. Read `Ledger` first, then `judge`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

from agentlark.model import Limits
from orchestrator.core.facts import TurnEnded, TurnStarted
from orchestrator.core.frozen import canonical
from orchestrator.core.turn import Message, TurnId, TurnOrder
from orchestrator.schedule.node import Node

MESSAGE_TOKENS = 32
"""More than any provider adds to a message's text for its role and its bounds."""

FORM_TOKENS = 1_000
"""More than any provider adds to a schema to have it obeyed."""

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Amount:
    """Turns, tokens of input and output, and US dollars; `unpriced` turns are not in `cost`."""

    turns: int = 0
    tokens: int = 0
    cost: Decimal = ZERO
    unpriced: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.turns + other.turns,
            self.tokens + other.tokens,
            self.cost + other.cost,
            self.unpriced + other.unpriced,
        )

    def __sub__(self, other: Amount) -> Amount:
        return Amount(
            self.turns - other.turns,
            self.tokens - other.tokens,
            self.cost - other.cost,
            self.unpriced - other.unpriced,
        )


NOTHING = Amount()


def one_turn(tokens: int, cost: Decimal | None) -> Amount:
    """What one turn takes; None is a cost that nobody knows."""
    return Amount(1, tokens, ZERO if cost is None else cost, int(cost is None))


def input_bound(order: TurnOrder) -> int:
    """The most input tokens that an order can come to.

    No tokenizer makes more tokens of a text than it has bytes. All that is sent counts: prompt, thread, the
    provider's own blocks in it, schema and options, and an allowance for what a provider adds to each.
    """
    turn = order.input
    sent = [_size(message) for message in order.thread] + [_bytes(turn.prompt)]
    schema = 0 if turn.output_schema is None else len(canonical(turn.output_schema)) + FORM_TOKENS
    options = len(canonical(turn.options)) if turn.options else 0
    return sum(sent) + MESSAGE_TOKENS * (len(sent) + 1) + schema + options


def _size(message: Message) -> int:
    """Bytes of a message, as text or in the provider's own blocks, whichever is more."""
    blocks = 0 if message.native is None else len(canonical(message.native))
    return max(_bytes(message.text), blocks)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def worst_case(fact: TurnStarted) -> Amount:
    """The most that a started turn can take. Records without an input bound are taken at their output's."""
    return one_turn((fact.max_input or 0) + fact.max_tokens, fact.max_cost)


def settled(worst: Amount, fact: TurnEnded) -> Amount:
    """What a turn took of its worst case.

    Nothing if it was not sent or not paid; all of it if it may have been paid and nobody says how much, or
    says so only by estimate. A simulated turn takes what it is estimated at: nobody bills it.
    """
    if not fact.was_sent or fact.paid == "no" or fact.ending == "deferred":
        return NOTHING
    usage = fact.usage
    if usage is None or (usage.estimated and not fact.simulated):
        return worst
    return one_turn(usage.input + usage.output, fact.cost)


class Account(NamedTuple):
    """What is capped: the run; one group of it; one agent in a group."""

    group: str | None = None
    agent: str | None = None

    def __str__(self) -> str:
        if self.group is None:
            return "the run"
        return f"the group {self.group}" if self.agent is None else f"the agent {self.agent}"


RUN = Account()


def accounts_of(node: Node) -> tuple[Account, Account, Account]:
    """The accounts that a node's turns are booked in: the run's, its group's, its agent's."""
    return _accounts(node.group, node.agent.id)


@cache
def _accounts(group: str, agent: str) -> tuple[Account, Account, Account]:
    return RUN, Account(group), Account(group, agent)


@dataclass(slots=True)
class _Sum:
    """An amount that grows in place: every turn goes through nine of them."""

    turns: int = 0
    tokens: int = 0
    cost: Decimal = ZERO
    unpriced: int = 0

    def put(self, amount: Amount, times: Literal[1, -1] = 1) -> None:
        self.turns += times * amount.turns
        self.tokens += times * amount.tokens
        self.cost += times * amount.cost
        self.unpriced += times * amount.unpriced

    def amount(self) -> Amount:
        return Amount(self.turns, self.tokens, self.cost, self.unpriced)


@dataclass(slots=True)
class _Books:
    spent: _Sum = field(default_factory=_Sum)
    promised: _Sum = field(default_factory=_Sum)
    began_s: float | None = None


class _Promise(NamedTuple):
    accounts: Sequence[Account]
    worst: Amount


class Ledger:
    """The accounts of a run, folded from its facts; `elapsed_s` is how long it was going, as recorded."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0
        self._books: dict[Account, _Books] = defaultdict(_Books, {RUN: _Books(began_s=0.0)})
        self._open: dict[TurnId, _Promise] = {}
        self.lost = NOTHING
        """What is booked for calls of earlier sessions that have no recorded outcome."""
        self._lost: dict[TurnId, _Promise] = {}
        """Those that nobody has sent again: their answers may still be found."""

    def reserve(self, id: TurnId, node: Node, worst: Amount) -> None:
        """Promise a turn its worst case. Done again for the same turn, it replaces the promise."""
        if (held := self._open.get(id)) is not None and held.worst == worst:
            return
        self._release(id)
        promise = _Promise(accounts_of(node), worst)
        self._open[id] = promise
        for account in promise.accounts:
            self._books[account].promised.put(worst)

    def start(self, fact: TurnStarted, node: Node) -> None:
        """Take a started turn into account."""
        self._lost.pop(fact.id, None)
        self.reserve(fact.id, node, worst_case(fact))
        self._tell_time(fact.elapsed_s)
        for account in accounts_of(node):
            books = self._books[account]
            if books.began_s is None:
                books.began_s = fact.elapsed_s

    def end(self, fact: TurnEnded) -> Amount:
        """Book what a turn took; gives that. An answer found later takes the place of the worst case."""
        self._tell_time(fact.elapsed_s)
        promise = self._release(fact.id)
        if promise is not None:
            took = settled(promise.worst, fact)
            self._book(promise.accounts, took)
            return took
        if fact.origin == "adopted" and (lost := self._lost.pop(fact.id, None)) is not None:
            took = settled(lost.worst, fact)
            self._book(lost.accounts, took - lost.worst)
            self.lost -= lost.worst
            return took
        return NOTHING

    def resume(self) -> None:
        """Book whole whatever was sent in an earlier session and has no outcome."""
        for id in list(self._open):
            promise = self._release(id)
            assert promise is not None
            self._book(promise.accounts, promise.worst)
            self.lost += promise.worst
            self._lost[id] = promise

    def spent(self, account: Account = RUN) -> Amount:
        """What is booked in an account."""
        return self._books[account].spent.amount() if account in self._books else NOTHING

    def promised(self, account: Account = RUN) -> Amount:
        """What turns in flight may still take."""
        return self._books[account].promised.amount() if account in self._books else NOTHING

    def seconds_since(self, account: Account, elapsed_s: float) -> float:
        """How long the run has been going since an account's first turn; a run's begins with the run."""
        books = self._books.get(account)
        return 0.0 if books is None or books.began_s is None else max(0.0, elapsed_s - books.began_s)

    def _release(self, id: TurnId) -> _Promise | None:
        promise = self._open.pop(id, None)
        if promise is not None:
            for account in promise.accounts:
                self._books[account].promised.put(promise.worst, -1)
        return promise

    def _book(self, accounts: Sequence[Account], amount: Amount) -> None:
        for account in accounts:
            self._books[account].spent.put(amount)

    def _tell_time(self, elapsed_s: float) -> None:
        self.elapsed_s = max(self.elapsed_s, elapsed_s)


What: TypeAlias = Literal["max_cost", "max_tokens", "max_turns", "deadline_s"]


_UNITS: dict[What, str] = {"max_cost": "US dollar", "max_tokens": "token", "max_turns": "turn"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A cap that leaves no room for a turn, and never will."""

    account: Account
    what: What
    cap: Decimal
    spent: Decimal
    needed: Decimal
    """The smallest cap that would let the turn start."""

    def __str__(self) -> str:
        whose = "" if self.account == RUN else f" of {self.account}"
        if self.what == "deadline_s":
            return f"the deadline{whose} is over: {self.cap.normalize():f} s"
        spent, next_turn = _plain(self.spent), _plain(self.needed - self.spent)
        cap = _amount(self.cap, self.what)
        return f"the cap of {cap}{whose} is reached: {spent} spent, the next turn may take {next_turn}"


def _amount(value: Decimal, what: What) -> str:
    return f"{_plain(value)} {_UNITS[what]}{'s' * (value != 1)}"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():,f}"


@dataclass(frozen=True, slots=True)
class Budget:
    """What is allowed: to the run, to its groups by id; an agent carries its own limits."""

    run: Limits = field(default_factory=Limits)
    groups: Mapping[str, Limits] = field(default_factory=dict)
    counts_cost: bool = True
    """False where nothing is billed: caps on cost do not apply then."""

    def limits_of(self, node: Node) -> Iterator[tuple[Account, Limits]]:
        """The limits that hold for a node's turns, each with the account that they are about."""
        own = (self.run, self.groups.get(node.group), node.agent.limits)
        for account, limits in zip(accounts_of(node), own, strict=True):
            if limits is not None:
                yield account, limits


Verdict: TypeAlias = Literal["fits", "waits"] | Refusal
"""Whether a turn may start: now; perhaps when others have ended; never."""


def judge(budget: Budget, node: Node, worst: Amount, ledger: Ledger, elapsed_s: float) -> Verdict:
    """Whether a node's next turn may start, `elapsed_s` into the run. Of several caps the lowest holds."""
    verdict: Verdict = "fits"
    for account, limits in budget.limits_of(node):
        spent, promised = ledger.spent(account), ledger.promised(account)
        deadline_s = limits.deadline_s
        if deadline_s is not None and ledger.seconds_since(account, elapsed_s) >= deadline_s:
            return overdue(account, deadline_s)
        for what, cap in _caps(limits, budget.counts_cost):
            booked = _of(spent, what)
            needed = booked + _of(worst, what)
            if needed > cap or (what == "max_cost" and (spent + worst).unpriced):
                return Refusal(account, what, cap, booked, needed)
            if needed + _of(promised, what) > cap:
                verdict = "waits"
    return verdict


def overshoots(budget: Budget, nodes: Iterable[Node], ledger: Ledger) -> list[str]:
    """Caps that were exceeded all the same, in words: a call took more than its worst case, or nothing bounds
    it.

    So it is with records that do not say what bounded a call, and with backends that do not keep to a
    ceiling.
    """
    found: dict[tuple[Account, What], str] = {}
    for node in nodes:
        for account, limits in budget.limits_of(node):
            for what, cap in _caps(limits, budget.counts_cost):
                if (over := _of(ledger.spent(account), what) - cap) > 0:
                    found[account, what] = f"{_amount(over, what)} over the {_plain(cap)} of {account}"
    return list(found.values())


def overdue(account: Account, deadline_s: float) -> Refusal:
    """The refusal of turns after a deadline."""
    over = Decimal(str(deadline_s))
    return Refusal(account, "deadline_s", over, over, over)


def _caps(limits: Limits, counts_cost: bool) -> Iterator[tuple[What, Decimal]]:
    if limits.max_cost is not None and counts_cost:
        yield "max_cost", Decimal(str(limits.max_cost))
    if limits.max_tokens is not None:
        yield "max_tokens", Decimal(limits.max_tokens)
    if limits.max_turns is not None:
        yield "max_turns", Decimal(limits.max_turns)


def _of(amount: Amount, what: What) -> Decimal:
    if what == "max_cost":
        return amount.cost
    return Decimal(amount.tokens if what == "max_tokens" else amount.turns)
