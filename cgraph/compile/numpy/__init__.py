"""A plan as calls of NumPy that write into buffers."""
