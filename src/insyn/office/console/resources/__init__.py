"""`/api/v1` beyond screening: one router a resource, over the frame that they share.

A handler reads what was sent, opens a transaction, calls its room with the actor, and answers;
what is decided, the rooms decide.
"""
