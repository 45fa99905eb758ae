"""
competition: from the closing date to the results night. Each is a target: `snakemake --cores all secretary`.

Reads:  stage1.parquet, records/, state/entries.json, thumbnails/, previews/, the registry, rulings.csv; judge_pack
        also the photo folder and corrected/; results the keys of the packs and the judges' marks
Writes: competition/: index.html, rulings.csv, messages/; judge-pack/, keys/; results.html, .csv and .xlsx,
        agreement.html, archive/

What has a file per entry is not declared, its page is: Snakemake would empty declared folders. A key is kept for ever
and declared nowhere: marks come back by number, and a pack that was made again must not change what they mean.
"""


rule secretary:
    """Show what was measured and what was ruled; write messages to entrants."""
    input:
        script=script("secretary"),
        table=str(paths.TABLE),
        entries=str(paths.ENTRIES),
        archive=str(paths.ARCHIVE),
        settings=settings("secretary"),
    output:
        page="competition/index.html",
        rulings="competition/rulings.csv",
    log:
        "logs/secretary.log",
    benchmark:
        "benchmarks/secretary.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(2000),
        runtime=30,
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/competition.yaml"
    shell:
        "python {input.script:q}"
        " --log {log:q}"


rule judge_pack:
    """Write numbered pictures without their entrants."""
    input:
        script=script("judge_pack"),
        table=str(paths.TABLE),
        entries=str(paths.ENTRIES),
        settings=settings("judge_pack"),
    output:
        page="competition/judge-pack/index.html",
        form="competition/judge-pack/marks.csv",
    log:
        "logs/judge_pack.log",
    benchmark:
        "benchmarks/judge_pack.tsv"
    threads: CONFIG.jobs.host_threads
    resources:
        mem_mb=megabytes(3000),
        runtime=120,
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/competition.yaml"
    shell:
        "python {input.script:q}"
        " --threads {threads}"
        " --log {log:q}"


rule results:
    """Make places and awards out of the judges' marks."""
    input:
        script=script("results"),
        table=str(paths.TABLE),
        entries=str(paths.ENTRIES),
        settings=settings("results"),
    output:
        page="competition/results.html",
        csv="competition/results.csv",
        xlsx="competition/results.xlsx",
        agreement="competition/agreement.html",
        notes=str(paths.RESULTS_NOTES),
    log:
        "logs/results.log",
    benchmark:
        "benchmarks/results.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(2000),
        runtime=30,
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/competition.yaml"
    shell:
        "python {input.script:q}"
        " --log {log:q}"
