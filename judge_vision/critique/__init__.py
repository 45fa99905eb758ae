"""Stage 2: remarks and a score from a vision language model, or remarks by rules out of the Stage 1 figures."""
