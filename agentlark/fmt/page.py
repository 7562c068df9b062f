"""The page that is printed on: a margin, an open line, and comments that wait for the end of their line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Page:
    """Finished lines and the one being written.

    `depth` counts the brackets around the pen: between brackets a line may simply end, elsewhere only with a
    backslash.
    """

    def __init__(self) -> None:
        self.margin = 0
        self.depth = 0
        self._done: list[str] = []
        self._line = ""
        self._waiting: list[str] = []

    def write(self, text: str) -> None:
        """Text on the open line; what follows its last line break becomes the open line."""
        if "\n" not in text:
            self._line += text
            return
        first, *rest = text.split("\n")
        self._done.append(self._line + first)
        self._done += rest[:-1]
        self._line = rest[-1]

    def newline(self) -> None:
        """Ends the line, with the comments that waited for that; the next one begins at the margin."""
        for at, comment in enumerate(self._waiting):
            if at:
                self._end_line()
                self._line += comment
            else:
                self._line += f"  {comment}"
        self._waiting.clear()
        self._end_line()

    def break_line(self) -> None:
        """Goes on in the next line of the same statement."""
        if self.depth:
            self.newline()
        else:
            self._line += " \\"
            self._end_line()

    def comment_lines(self, comments: list[str]) -> None:
        """Comments, each on its line, before what is written next; an empty one is a blank line."""
        for comment in comments:
            self.write(comment)
            self.newline()

    def comment_later(self, comments: list[str]) -> None:
        """Comments for the end of the line."""
        self._waiting += comments

    def waiting_first(self) -> None:
        """Gives the comments that wait a line of their own, at the margin, before the line ends."""
        if self._waiting:
            self._done.append(self._line.rstrip(" "))
            self._line = " " * (self.margin - 2)

    @property
    def column(self) -> int:
        """Where the pen is, in bytes, as buildifier counts."""
        return len(self._line) if self._line.isascii() else len(self._line.encode())

    @contextmanager
    def indented(self, columns: int) -> Iterator[None]:
        """A margin that is so much wider meanwhile."""
        self.margin += columns
        yield
        self.margin -= columns

    def text(self) -> str:
        """Everything written; ends with a line feed unless empty."""
        return "".join(f"{line}\n" for line in self._done)

    def _end_line(self) -> None:
        self._done.append(self._line.rstrip(" "))
        self._line = " " * self.margin
