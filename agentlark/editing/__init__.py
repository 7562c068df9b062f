"""What an editor wants to know of configurations, broken and half-typed ones too.

`outline.py` reads a text by its tokens, so that nothing needs to parse; `mentions.py` says where agents are
named; `projects.py` which files belong together. On these stand `findings.py` (what is wrong), `lookup.py`
(definitions, uses, explanations), `completion.py`, `symbols.py` and `rename.py`. Nothing here speaks a
protocol: places are files and offsets, and texts come from `projects.Texts`. Start reading at `outline.py`.
"""
