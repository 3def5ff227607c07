"""Addresses that users write: which hosts may be asked, how often, and for how long.

`fetch.WebFetcher` implements `interfaces.WebImages` (docs/decisions/0016-web-images.md); `posting.WebPoster`
sends what webhooks are made of.
"""
