"""
iqa: what the networks say: NIMA aesthetic, NIMA technical and MUSIQ.

Reads:  records/prepare/SHARD, proofs in work/SHARD, the bundle
Writes: records/iqa/SHARD (see docs/explanation/scale.md), state/index/iqa/SHARD.json

The only rule that runs in a container: it needs TensorFlow and nothing else of this project's requirements.
"""


rule iqa:
    """Score pictures with NIMA and MUSIQ."""
    input:
        script=script("iqa"),
        shard=SHARD_LIST,
        settings=settings("iqa"),
        prepared=index("prepare"),
    output:
        index=index("iqa"),
    log:
        "logs/iqa/{shard}.log",
    benchmark:
        "benchmarks/iqa/{shard}.tsv"
    priority: 1  # before more photographs are prepared: a disk need not hold all proofs at once
    threads: CONFIG.jobs.iqa_threads
    resources:
        mem_mb=megabytes(4000),
        runtime=minutes(10),
        disk_mb=SCRATCH_MB,
        gres=CONFIG.jobs.iqa_gres or "",
    container:
        CONFIG.containers.iqa
    shell:
        "python {input.script:q}"
        " --shard {wildcards.shard}"
        " --threads {threads}"
        " --log {log:q}"
