"""What photos.py is made of: the packshots, the photographs, the two ways to run an edit, and the speed."""
