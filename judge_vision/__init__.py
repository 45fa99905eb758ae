"""Judge Vision: scores, verdicts and rules for photographs. Importing this package imports nothing else."""
