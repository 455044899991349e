"""Nets that read words: nets on embeddings, a pooled classifier, the language model."""

from __future__ import annotations

from cgraph.nn.language.embedding_net import EmbeddingNet, PooledClassifier
from cgraph.nn.language.language_model import LanguageModel

__all__ = ["EmbeddingNet", "LanguageModel", "PooledClassifier"]
