"""
manifest: which photographs there are, and which shard each belongs to.

Reads:  state/inventory.jsonl (written before planning: Snakemake would not notice an edited file in a folder)
Writes: state/manifest.json and, beside it, state/shards/SHARD.jsonl

A shard is the work of one job; a photograph keeps its shard, so that a new one re-runs one shard.
"""


localrules:
    manifest,


checkpoint manifest:
    """Assign the photographs to shards."""
    input:
        script=script("manifest"),
        inventory=str(paths.INVENTORY),
    output:
        manifest=str(paths.MANIFEST),
    log:
        "logs/manifest.log",
    benchmark:
        "benchmarks/manifest.tsv"
    threads: 1
    resources:
        # the names of all photographs
        mem_mb=megabytes(1000 + PLAN.photographs // 1500),
        runtime=10 + PLAN.photographs // 200_000,
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/base.yaml"
    shell:
        "python {input.script:q}"
        " --log {log:q}"
