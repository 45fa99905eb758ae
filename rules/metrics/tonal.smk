"""
tonal: how light is distributed over each picture.

Reads:  records/prepare/SHARD, proofs in work/SHARD
Writes: records/tonal/SHARD (see docs/explanation/scale.md), state/index/tonal/SHARD.json

A host rule: NumPy and OpenCV, no network and no GPU.
"""


rule tonal:
    """Measure tonal and light figures."""
    input:
        script=script("tonal"),
        shard=SHARD_LIST,
        settings=settings("tonal"),
        prepared=index("prepare"),
    output:
        index=index("tonal"),
    log:
        "logs/tonal/{shard}.log",
    benchmark:
        "benchmarks/tonal/{shard}.tsv"
    priority: 1  # before more photographs are prepared: a disk need not hold all proofs at once
    threads: HOST_THREADS
    resources:
        mem_mb=megabytes(2000),
        runtime=minutes(60),
        disk_mb=SCRATCH_MB,
    conda:
        "../../envs/metrics.yaml"
    shell:
        "python {input.script:q}"
        " --shard {wildcards.shard}"
        " --threads {threads}"
        " --log {log:q}"
