"""What shops and marketplaces take: the rules of each channel as data, files by these rules, and a check.

`reading` knows the channels and needs no pixels, as submit does; `rendering` and `checking` do.
"""
