"""The conversation. Imports retrieval, ranking and prompts."""
