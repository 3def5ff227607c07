"""For texts.py: posters and labels that are drawn, texts in real photographs, and how a result is judged."""
