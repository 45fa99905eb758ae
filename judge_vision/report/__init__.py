"""The page that shows a finished run."""
