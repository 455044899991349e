"""Words: what is written on a picture, and what each step of the passes says; no position, font or colour."""
