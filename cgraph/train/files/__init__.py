"""Models and trainings as files: arrays and JSON, sealed, written whole or not at all."""
