"""qie-batch edits the images of a manifest by the instructions of its rows."""

__version__ = "0.1.0"
