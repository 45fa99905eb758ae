"""
prepare: what each file is, and its pixels as 8-bit sRGB. The only step that decodes an original.

Reads:  state/shards/SHARD.jsonl and the originals in the photo folder
Writes: records/prepare/SHARD (see docs/explanation/scale.md), thumbnails/, previews/, proofs in work/SHARD/,
        state/index/prepare/SHARD.json

The records are not declared: Snakemake deletes what a failed job declared, and a photograph once measured is kept.
A proof holds what the measuring rules need of the pixels (photograph/proof.py). Proofs are not declared either: they go
when every reader has read them. Declared as temporary they would be missing later, and then one changed threshold would
run everything again.
"""


rule prepare:
    """Decode, check and describe the photographs of a shard."""
    input:
        script=script("prepare"),
        shard=SHARD_LIST,
        settings=settings("prepare"),
    output:
        index=index("prepare"),
    log:
        "logs/prepare/{shard}.log",
    benchmark:
        "benchmarks/prepare/{shard}.tsv"
    threads: HOST_THREADS
    resources:
        mem_mb=megabytes(3000),
        runtime=minutes(20),
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/prepare.yaml"
    shell:
        "python {input.script:q}"
        " --shard {wildcards.shard}"
        " --threads {threads}"
        " --log {log:q}"
