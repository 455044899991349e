"""A plan as one C function, built by the system's compiler and kept."""
