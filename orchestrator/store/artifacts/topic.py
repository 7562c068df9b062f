"""What a task is about, in a few words: the tag by which artifacts of like tasks come together."""

from __future__ import annotations

import re

TOPIC_WORDS = 5
LONGEST_WORD = 24

_WORD = re.compile(r"[^\W_]{3,}")
_COMMON = frozenset(
    _WORD.findall(
        "about all also and any are but can could did does for from has have how into its let make may new"
        " not now our out please shall should some than that the their them then there these they this those"
        " use was were what when where which who why will with would you your"
    )
)


def topic_of(task: str) -> str:
    """The first five distinct words of a task that are neither short nor common, joined; maybe empty.

    Letter case, punctuation and small words do not matter: “Ship the MVP!” and “ship MVP” are one topic.
    """
    words = (word.casefold()[:LONGEST_WORD] for word in _WORD.findall(task))
    return "-".join(list(dict.fromkeys(word for word in words if word not in _COMMON))[:TOPIC_WORDS])
