"""What shops and marketplaces take: the rules of each channel as data, files by these rules, and a check."""

from qie_batch.exports.channel import Channel
from qie_batch.exports.checking import check, check_pixels, check_size, failed_rules
from qie_batch.exports.reading import channel_names, read_channel
from qie_batch.exports.rendering import Rendered, Upscaler, render

__all__ = [
    "Channel",
    "Rendered",
    "Upscaler",
    "channel_names",
    "check",
    "check_pixels",
    "check_size",
    "failed_rules",
    "read_channel",
    "render",
]
