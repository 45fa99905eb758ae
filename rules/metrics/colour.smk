"""
colour: how colourful is each photograph?

Reads:  records/prepare/SHARD, proofs in work/SHARD
Writes: records/colour/SHARD (see docs/explanation/scale.md), state/index/colour/SHARD.json

A host rule: NumPy and OpenCV, no network and no GPU.
"""


rule colour:
    """Measure colourfulness."""
    input:
        script=script("colour"),
        shard=SHARD_LIST,
        settings=settings("colour"),
        prepared=index("prepare"),
    output:
        index=index("colour"),
    log:
        "logs/colour/{shard}.log",
    benchmark:
        "benchmarks/colour/{shard}.tsv"
    priority: 1  # before more photographs are prepared: a disk need not hold all proofs at once
    threads: HOST_THREADS
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes(60),
        disk_mb=SCRATCH_MB,
    conda:
        "../../envs/metrics.yaml"
    shell:
        "python {input.script:q}"
        " --shard {wildcards.shard}"
        " --threads {threads}"
        " --log {log:q}"
