"""The AgentFS file format: a file tree, a key-value store and tool calls in one SQLite file.

It writes the tables in the shape that the AgentFS SDKs really have, so that their tools can open our
files, and keeps one connection for all writes of a process. It knows nothing of runs or turns, never
creates a CHECK, a generated column, a trigger or a full-text table (each stops the SDKs), and never
writes to a file that it does not recognise. Read `schema.py` first, then `connection.py`.
"""
