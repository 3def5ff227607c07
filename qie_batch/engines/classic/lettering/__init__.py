"""Texts on an image: `typesetting` needs no pixels and says early what cannot be set; `drawing` paints."""
