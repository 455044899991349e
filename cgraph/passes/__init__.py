"""The two algorithms, forward and backward, in any world; passes with numbers; central differences."""
