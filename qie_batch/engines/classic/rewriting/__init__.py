"""Replaces texts that stand in an image: found by OCR, painted over, drawn again in the same place.

`finding` and `translating` need only what was read, `glossary` only a file. `frame` turns a line upright,
`ground` and `ink` say what is behind the letters and how they look, `setting` where the new ones go, `glyphs`
draws them, `painting` does all of this for one line, `replacing` for all, and reads the result.
"""
