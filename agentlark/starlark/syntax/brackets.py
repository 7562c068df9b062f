"""Which brackets are never closed or do not match, told by the layout of the lines.

Runs only over files that do not parse. Where brackets do not pair up, the indentation tells what was meant: a
line that begins no further right than the line of an open bracket lies outside of it. What is missing is then
put in, what is too much is left out, so that the lines after it can be read. One pass, O(n).

That indentation is the better witness is known from compilers' practice (rustc's `lexer/diagnostics.rs`).
"""

from __future__ import annotations

from dataclasses import dataclass

from agentlark.starlark.failures import Fault
from agentlark.starlark.syntax.lexer import MAX_BRACKETS, Tokens, indentation
from agentlark.starlark.syntax.tables import FIRST_LEAF, KIND_NUMBER, KINDS, NAME, NEWLINE, OPENERS

_PARTNER = OPENERS + 1
"""By how much the kind of a closing bracket is above that of its opener."""
_CALL = KIND_NUMBER["("]
_COMMA, _COLON, _EQUALS = (KIND_NUMBER[word] for word in ",:=")
_HEADERS = {KIND_NUMBER[word] for word in ("def", "if", "elif", "else", "for")}
_STATEMENTS = {KIND_NUMBER[word] for word in ("def", "return", "load", "pass", "break", "continue")}


@dataclass(slots=True)
class _Open:
    """A bracket that is open: its index, its line, and the column up to which lines are outside of it.

    `first` is the index of its line's first token, `end` that of the token at which it seems to have ended,
    -1 while there is none.
    """

    at: int
    first: int
    line: int
    margin: int
    is_new: bool = True
    """Whether no line has begun inside."""
    is_indented: bool = False
    """Whether the first line inside is indented further than the bracket's own."""
    end: int = -1


def pair(tokens: Tokens) -> tuple[Tokens, list[Fault]]:
    """The tokens, before their layout, with their brackets paired; and what was wrong with them (AL005)."""
    if _is_even(tokens.kinds):
        return tokens, []
    pairing = _Pairing(tokens)
    return pairing.paired(), pairing.faults


def _is_even(kinds: list[int]) -> bool:
    stack = []
    for kind in kinds:
        if kind <= OPENERS:
            stack.append(kind + _PARTNER)
        elif kind < NEWLINE and (not stack or stack.pop() != kind):
            return False
    return not stack


class _Pairing:
    def __init__(self, tokens: Tokens) -> None:
        self.faults: list[Fault] = []
        self._tokens = tokens
        self._kinds = tokens.kinds
        self._line = 1
        self._open: list[_Open] = []
        self._waiting: list[_Open] = []
        """Those of them that have not ended, as far as one can tell; their margins increase."""
        self._put_in: dict[int, list[int]] = {}
        self._replaced: dict[int, tuple[int, ...]] = {}
        """What stands for tokens, by their index: a kind, or nothing."""

    def paired(self) -> Tokens:
        """The tokens in which every bracket has its partner."""
        column = first = 0
        begins_line = True
        is_header = False
        for at, kind in enumerate(self._kinds):
            if kind == NEWLINE:
                text = self._tokens.texts[at]
                self._line += 1
                if text[0] != "\\":
                    column, begins_line = indentation(text), True
                continue
            if begins_line:
                first = at
                self._begin_line(at, column)
                if not self._open or self._open[-1].end >= 0:
                    is_header = kind in _HEADERS
            if kind <= OPENERS:
                self._open.append(_Open(at, first, self._line, column))
                self._waiting.append(self._open[-1])
            elif kind < NEWLINE:
                self._close(at, column if begins_line else None)
            elif kind == _COLON and is_header and self._kinds[at + 1] == NEWLINE:
                self._end_header(at)
            begins_line = False
        self._cut(0, len(self._kinds), is_inside=False)
        return self._changed()

    def _begin_line(self, at: int, column: int) -> None:
        for opened in reversed(self._open):
            if not opened.is_new:
                break
            opened.is_new, opened.is_indented = False, column > opened.margin
        while self._waiting and self._waiting[-1].margin >= column:
            opened = self._waiting[-1]
            if not self._is_outside(opened, at, column):
                opened.margin = column - 1
                return
            opened.end = at
            self._waiting.pop()

    def _is_outside(self, opened: _Open, at: int, column: int) -> bool:
        """Whether a line that is indented no further than that of a bracket is outside of it.

        It is not when what the bracket holds is not indented at all.
        """
        if column < opened.margin or opened.is_indented or self._begins_statement(at, opened):
            return True
        before = at - 2  # the last token of the line above
        if before == opened.at:
            return False
        return column > 0 or self._ends_value(before)

    def _ends_value(self, at: int) -> bool:
        return self._kinds[at] >= FIRST_LEAF or OPENERS < self._kinds[at] < NEWLINE

    def _begins_statement(self, at: int, opened: _Open) -> bool:
        """Whether a line begins in a way that none inside the bracket can, or as the bracket's own does."""
        if self._kinds[at] in _STATEMENTS:
            return True
        if self._kinds[at] == NAME and self._tokens.texts[at] == self._tokens.texts[opened.first]:
            return True
        is_assignment = self._kinds[at] == NAME and self._kinds[at + 1] == _EQUALS
        return is_assignment and not self._is_call(opened)

    def _is_call(self, opened: _Open) -> bool:
        return self._kinds[opened.at] == _CALL and self._kinds[opened.at - 1] == NAME

    def _close(self, at: int, column: int | None) -> None:
        """Takes a closing bracket; `column` is its line's when it begins one."""
        if not self._open:
            return  # `misfits.py` tells it
        if at not in self._replaced:
            owner = self._owner(at, column)
            if owner is None:
                self._tell_mismatch(self._open[-1], at)
                before = at - 1 - (self._kinds[at - 1] == NEWLINE)
                self._replaced[at] = () if self._ends_value(before) else (NAME,)
                return
            self._cut(owner + 1, at, is_inside=True)
            if self._kinds[at] != self._partner(owner):
                self._exchange(at)
        closed = self._open.pop()
        if self._waiting and self._waiting[-1] is closed:
            self._waiting.pop()

    def _owner(self, at: int, column: int | None) -> int | None:
        """The place on the stack of the bracket that a closing one belongs to; None when it is one too many.

        One that begins a line belongs to the bracket whose line is indented the same, else to the last one.
        Amid a line it belongs to the last one, or to one of its kind if that was opened in the same line.
        """
        last = len(self._open) - 1
        if self._kinds[at] == self._partner(last) and (column is None or column >= self._open[last].margin):
            return last
        if column is not None:
            level = next((level for level in range(last, -1, -1) if self._open[level].margin <= column), last)
            if self._open[level].margin == column:
                return level
            return last if self._kinds[at] == self._partner(last) else None
        level = last
        while level >= 0 and self._kinds[at] != self._partner(level) and last - level < MAX_BRACKETS:
            level -= 1
        is_swapped = level == last - 1 and self._kinds[at + 1] == self._partner(last)
        if level >= 0 and not is_swapped and self._open[level].line in (self._line, self._open[last].line):
            return level
        return last if self._open[last].line == self._line else None

    def _partner(self, level: int) -> int:
        return self._kinds[self._open[level].at] + _PARTNER

    def _exchange(self, at: int) -> None:
        """Makes the last bracket and the one that closes it, of another kind, fit.

        What closes a call is taken for right, else what opens. Two that have changed places are told once.
        """
        opened = self._open[-1]
        self._tell_mismatch(opened, at)
        if self._kinds[at] == _CALL + _PARTNER and self._kinds[opened.at - 1] == NAME:  # most likely a call
            self._replaced[opened.at] = (_CALL,)
            return
        self._replaced[at] = (self._partner(-1),)
        if len(self._open) > 1 and self._kinds[at + 1] == self._partner(-1):
            self._replaced[at + 1] = (self._partner(-2),)

    def _tell_mismatch(self, opened: _Open, at: int) -> None:
        texts = self._tokens.texts
        fault = self._tell(f"`{texts[at]}` does not match `{texts[opened.at]}`", at)
        fault.others = [(self._place(opened.at), "opened here")]

    def _end_header(self, at: int) -> None:
        """Ends what is open in the header of a block at the colon that ends its line."""
        keep = len(self._open)
        while keep and self._open[keep - 1].end < 0 and self._kinds[self._open[keep - 1].at] != OPENERS:
            keep -= 1
        self._cut(keep, at, is_inside=False)

    def _cut(self, keep: int, at: int, *, is_inside: bool) -> None:
        """Ends all open brackets but the first few, where they seem to have ended, else at a token.

        Of those that end together the innermost is told. `is_inside` says whether others stay open around.
        """
        cut = self._open[keep:]
        del self._open[keep:]
        while self._waiting and cut and self._waiting[-1].at >= cut[0].at:
            self._waiting.pop()
        ending: dict[int, list[_Open]] = {}
        around: list[int] = []
        enclosed: dict[int, bool] = {}
        for opened in cut:
            end = at if opened.end < 0 else opened.end
            while around and around[-1] <= opened.at:
                around.pop()
            enclosed.setdefault(end, is_inside or bool(around))
            ending.setdefault(end, []).append(opened)
            around.append(end)
        for end, those in ending.items():
            self._end(those, end, is_inside=enclosed[end])

    def _end(self, those: list[_Open], end: int, *, is_inside: bool) -> None:
        """Puts in what closes brackets that end together before a token, and tells the innermost."""
        kinds = self._kinds
        closers = []
        for opened in reversed(those):
            if self._is_doubled(opened.at):
                self._replaced[opened.at] = ()
            else:
                closers.append(kinds[opened.at] + _PARTNER)
        index = end
        while kinds[index - 1] == NEWLINE:
            index -= 1
        closes_outer = end < len(kinds) and OPENERS < kinds[end] < NEWLINE
        if end < len(kinds) and kinds[end] == _COMMA:
            index = end
        elif is_inside and not closes_outer and kinds[index - 1] == _COMMA:
            index -= 1
        elif is_inside and not closes_outer:
            closers.append(_COMMA)
        self._put_in.setdefault(index, []).extend(closers)

        opened = those[-1]
        if closes_outer and self._line == opened.line:
            self._tell_mismatch(opened, end)
            return
        fault = self._tell(f"`{self._tokens.texts[opened.at]}` is never closed", opened.at)
        if end == len(kinds):
            return
        if closes_outer:
            label = f"this `{self._tokens.texts[end]}` closes an outer bracket"
        elif kinds[end] == _COLON:
            label = "its block begins here"
        elif kinds[end] == _COMMA:
            label = "it seems to end before this comma"
        else:
            label = f"{'the next element' if is_inside else 'a new statement'} seems to begin here"
        fault.others = [(self._place(end), label)]
        offset = self._tokens.ends[index - 1]
        fault.edit = (offset, offset, "".join(KINDS[kind] for kind in closers))

    def _is_doubled(self, at: int) -> bool:
        """Whether the same bracket follows at once."""
        return self._kinds[at] == self._kinds[at + 1] and self._tokens.ends[at] == self._tokens.starts[at + 1]

    def _tell(self, message: str, at: int) -> Fault:
        fault = Fault("AL005", message, self._place(at))
        self.faults.append(fault)
        return fault

    def _place(self, at: int) -> tuple[int, int]:
        return self._tokens.starts[at], self._tokens.ends[at]

    def _changed(self) -> Tokens:
        tokens = self._tokens
        changed = Tokens([], [], [], [])
        columns = zip(self._kinds, tokens.starts, tokens.ends, tokens.texts, strict=True)
        for at, (kind, start, end, text) in enumerate(columns):
            for put_in in self._put_in.get(at, ()):
                changed.add(put_in, tokens.ends[at - 1])
            for stands in self._replaced.get(at, (kind,)):
                changed.kinds.append(stands)
                changed.starts.append(start)
                changed.ends.append(end)
                changed.texts.append(text)
        return changed
