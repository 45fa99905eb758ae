"""
mono: is each picture monochrome, in the sense of FIAP and PSA, and where is it not?

Reads:  records/prepare/SHARD, proofs in work/SHARD
Writes: records/mono/SHARD (see docs/explanation/scale.md), heatmaps/, state/index/mono/SHARD.json

A host rule: NumPy and OpenCV, no network and no GPU.
"""


rule mono:
    """Judge whether pictures are monochrome."""
    input:
        script=script("mono"),
        shard=SHARD_LIST,
        settings=settings("mono"),
        prepared=index("prepare"),
    output:
        index=index("mono"),
    log:
        "logs/mono/{shard}.log",
    benchmark:
        "benchmarks/mono/{shard}.tsv"
    priority: 1  # before more photographs are prepared: a disk need not hold all proofs at once
    threads: HOST_THREADS
    resources:
        mem_mb=megabytes(3000),
        runtime=minutes(60),
        disk_mb=SCRATCH_MB,
    conda:
        "../../envs/metrics.yaml"
    shell:
        "python {input.script:q}"
        " --shard {wildcards.shard}"
        " --threads {threads}"
        " --log {log:q}"
