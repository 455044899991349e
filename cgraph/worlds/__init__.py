"""Worlds: each one is a column of the table. A pass is handed a world and never asks which one it is."""
