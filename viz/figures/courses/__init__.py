"""The code of the gallery, by subject: each function is one diagram, and its body is what the page shows."""
