"""What answers a turn: each backend is a Performer that turns one `TurnOrder` into one `Outcome`.

It never decides what runs next, never sends a turn a second time (the run does), never reads the
environment, and imports a provider's SDK only when a turn is performed. Read `cards.py` first for what
there is, then `rehearsal/` for the smallest whole backend; `router.py` dispatches by the order's backend
name, and `loopback/` is the model server that the real backends are tested against. Whatever here holds a
connection has an `async def aclose()`; `Router.aclose` closes all that have one.
"""
