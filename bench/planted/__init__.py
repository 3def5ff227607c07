"""Cases for gates.py: a file for each gate, `planted/<gate>.py`, of what the gate must find and must pass.

Such a file has two tables, FAULTS and CLEAN: name of a kind -> function of Material and a seeded generator
that makes one Case. gates.py calls each kind as often as it is told. `edits.py` has a table CLEAN of
legitimate edits that every gate must pass, beside its own. A gate that is off by default has TRIED, the limit
that it is measured with.
"""
