"""A ledger of a million items, and what is measured with it."""
