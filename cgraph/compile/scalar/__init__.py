"""A graph of scalars as flat arrays by level and op, whatever its size and depth."""
