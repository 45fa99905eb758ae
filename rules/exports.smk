"""
exports: the results for other programs and for people. Each is a target: `snakemake --cores all score_sheet`.

Reads:  stage1.parquet, the tables of Stage 2 where they are, records/, thumbnails/; xmp also the photo folder
Writes: exports/: score-sheet.csv and .xlsx; sidecars.csv, xmp/, xmp-copies/; contact-sheet.pdf; authors.csv, authors/

What has a file per photograph or per author is not declared, its list is: Snakemake would empty declared folders.
"""


rule score_sheet:
    """Write the score sheet as CSV and XLSX."""
    input:
        script=script("score_sheet"),
        table=str(paths.TABLE),
        later=later_tables(),
        settings=settings("score_sheet"),
    output:
        csv=report(
            "exports/score-sheet.csv",
            caption="../docs/captions/score-sheet.rst",
            category="Exports",
            labels={"what": "score sheet, CSV"},
        ),
        xlsx=report(
            "exports/score-sheet.xlsx",
            caption="../docs/captions/score-sheet.rst",
            category="Exports",
            labels={"what": "score sheet, XLSX"},
        ),
    log:
        "logs/score_sheet.log",
    benchmark:
        "benchmarks/score_sheet.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(2000),
        runtime=30,
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/exports.yaml"
    shell:
        "python {input.script:q}"
        " --log {log:q}"


rule xmp:
    """Write XMP sidecars."""
    input:
        script=script("xmp"),
        table=str(paths.TABLE),
        later=later_tables(),
        settings=settings("xmp"),
    output:
        index="exports/sidecars.csv",
    log:
        "logs/xmp.log",
    benchmark:
        "benchmarks/xmp.tsv"
    threads: CONFIG.jobs.host_threads
    resources:
        mem_mb=megabytes(2000),
        runtime=120,
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/exports.yaml"
    shell:
        "python {input.script:q}"
        " --threads {threads}"
        " --log {log:q}"


rule contact_sheet:
    """Make the contact sheet."""
    input:
        script=script("contact_sheet"),
        table=str(paths.TABLE),
        later=later_tables(),
        settings=settings("contact_sheet"),
    output:
        pdf=report(
            "exports/contact-sheet.pdf",
            caption="../docs/captions/contact-sheet.rst",
            category="Exports",
            labels={"what": "contact sheet"},
        ),
    log:
        "logs/contact_sheet.log",
    benchmark:
        "benchmarks/contact_sheet.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(2000),
        runtime=30,
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/exports.yaml"
    shell:
        "python {input.script:q}"
        " --log {log:q}"


rule author_packs:
    """Make a results pack for each author."""
    input:
        script=script("author_packs"),
        table=str(paths.TABLE),
        later=later_tables(),
        settings=settings("author_packs"),
    output:
        index="exports/authors.csv",
    log:
        "logs/author_packs.log",
    benchmark:
        "benchmarks/author_packs.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(2000),
        runtime=60,
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/exports.yaml"
    shell:
        "python {input.script:q}"
        " --log {log:q}"
