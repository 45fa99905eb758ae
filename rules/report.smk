"""
report: a page for people.

Reads:  stage1.parquet, summary.json, records/, thumbnails/, heatmaps/
Writes: report/index.html and the pictures beside it
"""


rule report:
    """Make the page."""
    input:
        script=script("report"),
        table=str(paths.TABLE),
        summary=str(paths.SUMMARY),
        settings=settings("report"),
    output:
        page="report/index.html",
    log:
        "logs/report.log",
    benchmark:
        "benchmarks/report.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(2000),
        runtime=30,
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/report.yaml"
    shell:
        "python {input.script:q}"
        " --log {log:q}"
