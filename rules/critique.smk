"""
critique: what a vision language model says of each photograph (Stage 2), or remarks by rules.

Reads:  stage1.parquet, records/prepare/SHARD, the photo folder, a server
Writes: records/critique/SHARD/*.json, state/index/critique/SHARD.json; stage2.parquet, stage2-summary.json

Starts when the Stage 1 table is complete: the scoring service is stopped first, so that a model on the same GPU finds
its memory free. A critique that failed is asked for again by the next run, and nothing else is.
"""


rule critique:
    """Write the critiques of a shard."""
    input:
        script=script("critique"),
        stop_service=script("stop_service"),
        shard=SHARD_LIST,
        settings=settings("critique"),
        prepared=index("prepare"),
        table=str(paths.TABLE),
    output:
        index=index("critique"),
    log:
        "logs/critique/{shard}.log",
    benchmark:
        "benchmarks/critique/{shard}.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(2000),
        runtime=minutes(2),
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/stage2.yaml"
    shell:
        "python {input.stop_service:q} --log {log:q}.service"
        " && python {input.script:q}"
        " --shard {wildcards.shard}"
        " --log {log:q}"


rule stage2:
    """Build the Stage 2 table."""
    input:
        script=script("stage2"),
        manifest=str(paths.MANIFEST),
        settings=settings("critique"),
        table=str(paths.TABLE),
        indexes=critique_indexes,
    output:
        table=str(paths.STAGE2_TABLE),
        summary=str(paths.STAGE2_SUMMARY),
    log:
        "logs/stage2.log",
    benchmark:
        "benchmarks/stage2.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(2000),
        runtime=30,
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/stage2.yaml"
    shell:
        "python {input.script:q}"
        " --log {log:q}"
