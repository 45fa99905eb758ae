"""Between Snakemake and the package: the inventory, shards, settings and the loop over a shard."""
