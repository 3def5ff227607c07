"""Reads texts in an image on the CPU, English and Chinese, with the models that the package rapidocr carries.

`lines` and `spelling` need no model; `reader` loads it at the first image.
"""
