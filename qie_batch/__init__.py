"""qie-batch: a catalog of pictures and plain sentences goes in, edited pictures come out."""

__version__ = "0.1.0"
