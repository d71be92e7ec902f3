"""Programs as they are published for loops of this kind."""
