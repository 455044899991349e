"""Plots by matplotlib: learning curves, functions, points in a plane."""
