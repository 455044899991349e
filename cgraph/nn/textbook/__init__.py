"""The chapter's own constructs: units, perceptrons, separability, equivalent nets, exercises, gradient norms."""
