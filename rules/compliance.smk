"""
compliance: does each entry keep the competition's rules?

Reads:  records/prepare/SHARD, records/mono/SHARD, the competition's registry, its archive of earlier seasons
Writes: records/compliance/SHARD (see docs/explanation/scale.md), corrected/, state/index/compliance/SHARD.json; state/entries.json,
        state/archive.json

`compliance` checks what one entry shows by itself, `entries` what only the whole set shows: how many entries an
author has, which are duplicates, and which were entered in an earlier season.
"""


rule compliance:
    """Check entries against the competition's rules."""
    input:
        script=script("compliance"),
        shard=SHARD_LIST,
        settings=settings("compliance"),
        prepared=index("prepare"),
        mono=index("mono"),
    output:
        index=index("compliance"),
    log:
        "logs/compliance/{shard}.log",
    benchmark:
        "benchmarks/compliance/{shard}.tsv"
    threads: HOST_THREADS
    resources:
        mem_mb=megabytes(2000),
        runtime=minutes(60),
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/compliance.yaml"
    shell:
        "python {input.script:q}"
        " --shard {wildcards.shard}"
        " --threads {threads}"
        " --log {log:q}"


rule entries:
    """Check what only the whole set of entries shows."""
    input:
        script=script("entries"),
        manifest=str(paths.MANIFEST),
        settings=settings("entries"),
        indexes=every_index("compliance"),
    output:
        findings=str(paths.ENTRIES),
        archive=str(paths.ARCHIVE),
    log:
        "logs/entries.log",
    benchmark:
        "benchmarks/entries.tsv"
    threads: CONFIG.jobs.host_threads
    resources:
        mem_mb=megabytes(3000),
        runtime=240,
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/competition.yaml"
    shell:
        "python {input.script:q}"
        " --threads {threads}"
        " --log {log:q}"
