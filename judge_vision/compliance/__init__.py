"""Competition rules: reading a registry, and checking entries against it."""
