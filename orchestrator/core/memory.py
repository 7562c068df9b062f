"""What of memory an agent is given: artifacts as they stood when its run started."""

from __future__ import annotations

from orchestrator.core.frozen import Frozen, digest_of
from orchestrator.core.turn import Recollection


class Remembered(Frozen):
    """One artifact as it is put into a prompt; `text` may be cut, and then ends with `[…]`."""

    id: str
    agent: str
    type: str
    text: str
    simulated: bool

    def recollection(self) -> Recollection:
        """What of it is in a turn's key: no time, no slug."""
        digest = digest_of(self.text.encode("utf-8", "surrogatepass"))
        return Recollection(agent=self.agent, type=self.type, text=digest)
