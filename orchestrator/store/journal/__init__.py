"""The journal: facts of all runs and the bodies they name, in one AgentFS file.

Resume journal, turn cache and audit trail are this one record. What `commit` has acknowledged is on the
disk, and what is read back is verified. It never decides what runs next, never repairs what it finds
altered, and never judges whether an answer may be used again: callers see what it is. Read `journal.py`
first, then `tables.py` for what is where.
"""

from orchestrator.store.journal.journal import AgentFSJournal
from orchestrator.store.journal.reader import JournalReader, open_journal_readonly

__all__ = ["AgentFSJournal", "JournalReader", "open_journal_readonly"]
