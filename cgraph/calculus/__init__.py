"""Derivatives as graphs: gradients, Jacobians, Hessians, products in both modes, Taylor coefficients."""
