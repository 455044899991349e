"""Formats: files, pages, frames, and the languages of other tools."""
