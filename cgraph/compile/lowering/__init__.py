"""From nodes to values: one floating-point type, every size known, ops of the table only."""
