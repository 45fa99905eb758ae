"""From scores to ranks, bands and placings; the playoff between the best."""
