"""How the networks are reached: the networks themselves are in `models`."""
