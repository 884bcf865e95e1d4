"""The prompts as files, and their versions. Imports nothing of ours."""
