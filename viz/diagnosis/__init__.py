"""What can be wrong with the gradients of a pass: each module finds one family of symptoms."""
