"""Nets that read words: text as ids, nets on embeddings, the language model."""
