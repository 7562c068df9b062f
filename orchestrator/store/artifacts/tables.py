"""The projection's own tables, beside AgentFS's in the same file and the same transactions.

- `artifact_runs`: how far each run has been taken; a run is its slug and its start, because a journal that
  was kept in memory or thrown away may have used the same slug before.
- `artifacts`: the columns that one looks for, a row per file, newest last.
- `artifact_plans`: the artifact of each node's plan, which may be an earlier run's if the plan was reused.
- `artifact_tag_names`, `artifact_tags`: tags, each spelled out once, in the order they are looked up.
- `artifact_condensed`: which summary stands for an artifact, by name, so that marks outlive a rebuild.

Version 2 added `artifact_condensed` and indexes; a file of version 1 gets them when opened for writing.
"""

from __future__ import annotations

from orchestrator.store.agentfs.schema import Part

ARTIFACTS = Part(
    "artifacts",
    2,
    (
        """CREATE TABLE IF NOT EXISTS artifact_runs (
            id INTEGER PRIMARY KEY,
            slug TEXT NOT NULL,
            started TEXT NOT NULL,
            taken INTEGER NOT NULL,
            UNIQUE (slug, started)
        ) STRICT""",
        """CREATE TABLE IF NOT EXISTS artifacts (
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            name TEXT NOT NULL,
            ino INTEGER NOT NULL,
            agent TEXT NOT NULL,
            node TEXT NOT NULL,
            type TEXT NOT NULL,
            wave INTEGER NOT NULL,
            created_ms INTEGER NOT NULL,
            simulated INTEGER NOT NULL,
            answer BLOB NOT NULL
        ) STRICT""",
        "CREATE INDEX IF NOT EXISTS artifacts_created ON artifacts(created_ms)",
        "CREATE INDEX IF NOT EXISTS artifacts_agent ON artifacts(agent, created_ms)",
        "CREATE INDEX IF NOT EXISTS artifacts_type ON artifacts(type, created_ms)",
        "CREATE INDEX IF NOT EXISTS artifacts_plan ON artifacts(answer) WHERE type = 'plan'",
        "CREATE INDEX IF NOT EXISTS artifacts_run ON artifacts(run, created_ms)",
        "CREATE INDEX IF NOT EXISTS artifacts_name ON artifacts(name)",
        "CREATE INDEX IF NOT EXISTS artifacts_ino ON artifacts(ino)",
        """CREATE TABLE IF NOT EXISTS artifact_plans (
            run INTEGER NOT NULL,
            node TEXT NOT NULL,
            artifact TEXT NOT NULL,
            PRIMARY KEY (run, node)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE IF NOT EXISTS artifact_tag_names (
            id INTEGER PRIMARY KEY,
            tag TEXT NOT NULL UNIQUE
        ) STRICT""",
        """CREATE TABLE IF NOT EXISTS artifact_tags (
            tag INTEGER NOT NULL,
            artifact INTEGER NOT NULL,
            PRIMARY KEY (tag, artifact)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE IF NOT EXISTS artifact_condensed (
            name TEXT PRIMARY KEY,
            summary TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX IF NOT EXISTS artifact_condensed_summary ON artifact_condensed(summary)",
    ),
    {1: lambda db: None},  # version 2 only added to version 1
)

RUN = "SELECT id, taken FROM artifact_runs WHERE slug = ? AND started = ?"
INSERT_RUN = "INSERT INTO artifact_runs (slug, started, taken) VALUES (?, ?, 0)"
ALL_TAKEN = "SELECT slug, started, taken FROM artifact_runs"
TAKEN = "UPDATE artifact_runs SET taken = ? WHERE id = ?"
LAST_ID = "SELECT coalesce(max(id), 0) FROM artifacts"
PLAN = "SELECT artifact FROM artifact_plans WHERE run = ? AND node = ?"
REUSED_PLAN = """SELECT name FROM artifacts WHERE answer = ? AND type = 'plan' AND agent = ?
    ORDER BY id DESC LIMIT 1"""
INSERT_PLAN = "INSERT OR REPLACE INTO artifact_plans (run, node, artifact) VALUES (?, ?, ?)"
INSERT = """INSERT INTO artifacts
    (id, run, seq, name, ino, agent, node, type, wave, created_ms, simulated, answer)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
INSERT_TAG = "INSERT INTO artifact_tags (tag, artifact) VALUES (?, ?)"

TOPICS = """SELECT a.name, substr(n.tag, 7) FROM artifact_tag_names n
    JOIN artifact_tags t ON t.tag = n.id JOIN artifacts a ON a.id = t.artifact WHERE n.tag GLOB 'topic:*'"""
MARK = "SELECT summary FROM artifact_condensed WHERE name = ?"
INSERT_MARK = "INSERT OR REPLACE INTO artifact_condensed (name, summary) VALUES (?, ?)"

REMOVE = (
    """DELETE FROM artifact_condensed
        WHERE summary IN (SELECT name FROM artifacts WHERE run = :run AND type = 'summary')""",
    "DELETE FROM artifact_tags WHERE artifact IN (SELECT id FROM artifacts WHERE run = :run)",
    "DELETE FROM fs_data WHERE ino IN (SELECT ino FROM artifacts WHERE run = :run)",
    """DELETE FROM fs_dentry WHERE parent_ino = :folder
        AND name IN (SELECT name || '.json' FROM artifacts WHERE run = :run)""",
    "DELETE FROM fs_inode WHERE ino IN (SELECT ino FROM artifacts WHERE run = :run)",
    "DELETE FROM artifacts WHERE run = :run",
    "DELETE FROM artifact_plans WHERE run = :run",
)
"""Take a run's artifacts out, with the marks of its summaries. `:folder` is the inode of their folder."""
