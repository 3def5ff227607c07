"""Counts the floating-point operations of edits by the engine itself, on the meta device."""
