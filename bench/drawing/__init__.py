"""Draws product pictures: outlines become reliefs, reliefs are lit like in a studio."""
