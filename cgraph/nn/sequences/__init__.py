"""Layers for sequences: recurrent nets, attention, and the block of a transformer."""

from cgraph.nn.sequences.attention import MultiHeadAttention, TransformerBlock
from cgraph.nn.sequences.recurrent import GRU, LSTM, RNN

__all__ = ["GRU", "LSTM", "RNN", "MultiHeadAttention", "TransformerBlock"]
