"""The neural networks, their weight files, and the bundles that hold them. Runs inside the scoring container."""
