"""Random programs whose truth comes from running them, held against what sqlalint says of them."""
