"""What OpenAI's API asks for: one edit while its client waits, stored files, and batches of edits."""
