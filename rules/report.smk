"""
report: a page for people, and plots for Snakemake's own report.

Reads:  stage1.parquet, the tables of Stage 2 and calibration.json where they are, summary.json, records/, thumbnails/,
        previews/, heatmaps/
Writes: report/index.html and the pictures beside it; plots/
"""


rule report:
    """Make the page."""
    input:
        script=script("report"),
        table=str(paths.TABLE),
        later=later_tables(),
        calibration=[str(paths.CALIBRATION_FIGURES)] if CONFIG.calibration.marks else [],
        summary=str(paths.SUMMARY),
        settings=settings("report"),
    output:
        page=report(
            "report/index.html",
            caption="../docs/captions/page.rst",
            category="Results",
            labels={"what": "page"},
        ),
    log:
        "logs/report.log",
    benchmark:
        "benchmarks/report.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(2000),
        # every record is read for the few that the page shows
        runtime=30 + PLAN.photographs // 6000,
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/report.yaml"
    shell:
        "python {input.script:q}"
        " --log {log:q}"


rule plots:
    """Draw the plots of Snakemake's report."""
    input:
        script=script("plots"),
        table=str(paths.TABLE),
        later=later_tables(),
        settings=settings("plots"),
    output:
        distributions=report(
            "plots/distributions.svg",
            caption="../docs/captions/distributions.rst",
            category="Plots",
            labels={"what": "distributions"},
        ),
        scatter=report(
            "plots/scatter.svg",
            caption="../docs/captions/scatter.rst",
            category="Plots",
            labels={"what": "MUSIQ and NIMA"},
        ),
        verdicts=report(
            "plots/verdicts.svg",
            caption="../docs/captions/verdicts.rst",
            category="Plots",
            labels={"what": "monochrome verdicts"},
        ),
    log:
        "logs/plots.log",
    benchmark:
        "benchmarks/plots.tsv"
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
