"""Webhooks: another program is called when something happens.

The change feed is the outbox: its rows are written in the transaction of the change. `relay` reads it in order and
writes a Delivery for each webhook that wants the event; `sending` calls, tries again for three days, and keeps a log.
Calls are signed as Standard Webhooks says (`signing`) and go out through one door (`outgoing`).
"""
