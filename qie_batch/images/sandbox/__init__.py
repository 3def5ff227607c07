"""Decoder processes: untrusted images are decoded outside the process that holds the engine."""

from qie_batch.images.sandbox.pool import DecoderPool

__all__ = ["DecoderPool"]
