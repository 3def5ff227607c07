"""How like one image is to another, and a page that shows it."""
