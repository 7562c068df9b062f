"""Limits of providers: one throttle for a backend and its credential, before which all of its turns wait.

`breaker.py` (after a refusal nothing is sent but a probe, then little by little again) and `rate.py` (what
a minute holds, as it was set or as replies tell) are pure: they are told the time. `throttle.py` is the
Performer around a backend: it queues who has to wait and makes a deferral of every refusal. `comeback.py`
reads the times that servers state, none of which is believed without bounds. No turn is sent a second time
here: the run does that, and it is the only one to.
"""
