"""Paint: a layout as SVG."""
