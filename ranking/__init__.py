"""The shopper's history, and ordering items for them. Imports retrieval."""
