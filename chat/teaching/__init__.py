"""Teaching the LLM its job from a shop's own records: requests and answers made of them, LoRA, preference, a card.

Imported only where a model is taught or its weights are joined: torch takes seconds to load.
"""
