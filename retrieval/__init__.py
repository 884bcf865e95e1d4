"""The catalogue, and finding items in it. Imports nothing of ours."""
