"""From values to steps and memory: what is computed when, and where it lives."""
