"""
merge: one row per photograph, failed ones too.

Reads:  every record of every shard, each checked against the SHA-256 in its index
Writes: stage1.parquet (in large runs a folder of parts), summary.json

The indexes are inputs so that Snakemake waits for them; the script finds them through the manifest, because sixty
thousand of them do not fit on a command line.
"""


rule merge:
    """Build the Stage 1 table."""
    input:
        *map(every_index, STEPS),
        script=script("merge"),
        manifest=str(paths.MANIFEST),
        settings=settings("merge"),
        entries=str(paths.ENTRIES),
    output:
        table=report(
            directory(str(paths.TABLE)) if PLAN.packed else str(paths.TABLE),
            caption="../docs/captions/table.rst",
            category="Results",
            labels={"what": "Stage 1 table"},
        ),
        summary=str(paths.SUMMARY),
    log:
        "logs/merge.log",
    benchmark:
        "benchmarks/merge.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(2000),
        # 100 photographs a second on a slow machine
        runtime=30 + PLAN.photographs // 6000,
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/merge.yaml"
    shell:
        "python {input.script:q}"
        " --log {log:q}"


rule strict:
    """Fail if a photograph failed (strict=true)."""
    input:
        script=script("strict"),
        summary=str(paths.SUMMARY),
    output:
        passed=str(paths.STRICT),
    log:
        "logs/strict.log",
    benchmark:
        "benchmarks/strict.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/base.yaml"
    shell:
        "python {input.script:q}"
        " --log {log:q}"
