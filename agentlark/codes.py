"""The stable codes of what the compiler says about a squad; the language's own are in its room."""

from __future__ import annotations

CODES = {
    "AL300": "the file defines no squad, or two",
    "AL301": "a top-level value has the wrong type",
    "AL302": "a field that does not exist",
    "AL303": "a field's value has the wrong type",
    "AL304": "a required field is missing",
    "AL305": "a malformed id",
    "AL306": "a reserved id",
    "AL307": "an id that is taken",
    "AL308": "an agent id that nobody has",
    "AL309": "agents that wait for each other in a circle",
    "AL310": "a dependency on a later group",
    "AL311": "an agent that can never run",
    "AL312": "a value out of range",
    "AL313": "a follow_up_schema that is no JSON Schema",
    "AL314": "a prompt template that does not parse",
    "AL315": "a prompt template that uses something unknown",
    "AL316": "blueprint settings that contradict each other",
    "AL317": "a group without agents",
    "AL318": "a setting without effect",
    "AL319": "a file that cannot be read, or must not be",
    "AL320": "a parameter without a value, or with a wrong one",
    "AL321": "a check that used more than it may",
    "AL322": "an input pattern that cannot be used",
    "AL323": "an input pattern that matches no file",
    "AL324": "a memory term that cannot be used",
    "AL325": "a backend that is not there",
    "AL330": "a compiled file that cannot be used",
    "AL340": "a blueprint that is not JSON",
    "AL341": "a blueprint of the wrong shape",
}
"""Meaning by code."""
