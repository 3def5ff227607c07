"""Engines at the other end of an HTTP connection: calls, replicas, verdicts and the edit itself.

An engine adds its `verdicts.Wire`: the shape of a request, and the meaning of an answer.
"""
