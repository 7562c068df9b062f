"""What can go wrong between us and a terminal multiplexer.

OrchestratorError
├── InvalidInput (UserError)        a name, text or key that no multiplexer can take
└── MultiplexerError
    ├── ProgramMissing (UserError)  it is not installed
    ├── ProgramTooOld (UserError)   it lacks what we need
    ├── SessionNotBound (UserError) the call does not say which session it is for
    ├── SessionNotFound (UserError) no live session of that name; or it ended during the call
    ├── SessionExists (UserError)   the name is taken
    ├── TabNotFound (UserError)
    ├── PaneNotFound (UserError)
    ├── LayoutRejected (UserError)  the multiplexer cannot read the layout
    ├── LayoutIncomplete            the multiplexer tells its layout without a command that runs in it
    ├── NobodyAttached              the action concerns who is looking, and nobody is
    ├── NotCreated                  the multiplexer said yes, and there is nothing
    ├── ExitUnknown                 a command has ended, and the multiplexer missed how
    ├── DeadlineExceeded            no answer in time; the program was stopped
    └── CallFailed                  anything else it complained about
"""

from __future__ import annotations

from orchestrator.core.errors import OrchestratorError, UserError


class InvalidInput(UserError):
    """A name, text or key that no multiplexer can take."""


class MultiplexerError(OrchestratorError):
    """The root of what fails while talking to a multiplexer."""


class ProgramMissing(MultiplexerError, UserError):
    """The multiplexer is not installed, or cannot be run."""


class ProgramTooOld(MultiplexerError, UserError):
    """The multiplexer is older than what we need."""


class SessionNotBound(MultiplexerError, UserError):
    """The call does not say which session it is for, and none is bound."""


class SessionNotFound(MultiplexerError, UserError):
    """There is no live session of that name; or it ended during the call."""


class SessionExists(MultiplexerError, UserError):
    """A session of that name is there already."""


class TabNotFound(MultiplexerError, UserError):
    """There is no such tab in the session."""


class PaneNotFound(MultiplexerError, UserError):
    """There is no such pane in the session."""


class LayoutRejected(MultiplexerError, UserError):
    """The multiplexer cannot read the layout; its report is in the message."""


class LayoutIncomplete(MultiplexerError):
    """The layout that the multiplexer tells leaves out a command; used, it would make something else."""


class NobodyAttached(MultiplexerError):
    """The action concerns what somebody is looking at, and nobody is attached; nothing was done."""


class NotCreated(MultiplexerError):
    """The multiplexer reported success, and what it should have made is not there."""


class ExitUnknown(MultiplexerError):
    """A pane's command has ended, and the multiplexer missed with which status."""


class DeadlineExceeded(MultiplexerError):
    """No answer in time. The program was stopped; whether it did what was asked is unknown."""


class CallFailed(MultiplexerError):
    """The multiplexer refused; what it said is in the message."""
