"""The HTTP face of the steps: an API for programs, pages for people."""
