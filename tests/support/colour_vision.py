"""How colours look in grey and to colour-blind eyes, and how well one is read on another: written out again here."""

from __future__ import annotations

import numpy as np

NORMAL = "normal"
# Machado, Oliveira and Fernandes (2009), A Physiologically-based Model for Simulation of Color Vision Deficiency,
# severity 1.0, for linear RGB
SEEN = {
    NORMAL: np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}


def light(colour: str, eyes: str = NORMAL) -> float:
    """The relative luminance (WCAG 2.2) of a #rrggbb as some eyes see it."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(np.array([0.2126, 0.7152, 0.0722]) @ np.clip(SEEN[eyes] @ linear, 0, 1))


def contrast(one: str, other: str, eyes: str = NORMAL) -> float:
    """The contrast of two colours as WCAG 2.2 defines it, as some eyes see it."""
    low, high = sorted((light(one, eyes), light(other, eyes)))
    return (high + 0.05) / (low + 0.05)
