"""Every code a diagnostic of this room can carry, with its meaning; a code never changes its meaning."""

from __future__ import annotations

CODES: dict[str, str] = {
    # Reading.
    "AL001": "a token that does not fit, where another was expected",
    "AL002": "a string that is never closed",
    "AL003": "indentation that matches no block, or is missing",
    "AL004": "an escape sequence that denotes nothing",
    "AL005": "a bracket that is never closed, closes nothing or does not match",
    "AL006": "brackets, blocks or expressions that nest too deeply",
    "AL007": "a character or number that is no part of the language, or text that is none",
    # Resolving.
    "AL101": "a name that is not defined",
    "AL102": "a global that is assigned again",
    "AL103": "a load of something that is not there, or where none is allowed",
    "AL104": "parameters or arguments given twice or in the wrong order",
    "AL105": "return, break or continue where there is nothing to leave",
    "AL106": "an assignment to what cannot be assigned to",
    "AL107": "a key that comes twice in a dict",
    # Running.
    "AL201": "a value of the wrong type, or one an operation cannot take",
    "AL202": "an attribute or method that does not exist",
    "AL203": "a division by zero",
    "AL204": "a key, element or substring that is not there",
    "AL205": "an index out of range",
    "AL206": "a change to what is frozen, being iterated over, or immutable",
    "AL207": "a limit on steps, depth, size or output that was exceeded",
    "AL208": "a function that calls itself",
    "AL210": "arguments that do not fit the function",
    "AL211": "a failure the program itself asked for with fail()",
    "AL212": "a variable used before it was assigned",
}
