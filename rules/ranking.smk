"""
ranking: ranks, bands and placings in each category; the playoff between the best; scores against human marks.

Reads:  stage1.parquet, stage2.parquet, the competition's registry, a CSV of human marks
Writes: playoff.parquet, ranking.parquet, ranking-summary.json; calibration/calibration.json

Scores of a bundle that was never shown a human mark rank nothing unless ranking.allow_embedded says so.
"""


rule playoff:
    """Compare the best of each category in pairs."""
    input:
        script=script("playoff"),
        manifest=str(paths.MANIFEST),
        settings=settings("playoff"),
        table=str(paths.TABLE),
        critiques=scored_tables(),
    output:
        index=index("playoff", "all"),
        table=str(paths.PLAYOFF_TABLE),
    log:
        "logs/playoff.log",
    benchmark:
        "benchmarks/playoff.tsv"
    threads: 1
    resources:
        mem_mb=megabytes(2000),
        runtime=120,
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/stage2.yaml"
    shell:
        "python {input.script:q}"
        " --log {log:q}"


rule ranking:
    """Rank the photographs of each category."""
    input:
        script=script("ranking"),
        settings=settings("ranking"),
        table=str(paths.TABLE),
        critiques=scored_tables(),
        playoff=playoff_tables(),
    output:
        table=str(paths.RANKING_TABLE),
        summary=str(paths.RANKING_SUMMARY),
    log:
        "logs/ranking.log",
    benchmark:
        "benchmarks/ranking.tsv"
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


rule calibration:
    """Hold the scores against marks that people gave."""
    input:
        script=script("calibration"),
        settings=settings("calibration"),
        table=str(paths.TABLE),
        critiques=scored_tables(),
    output:
        figures=str(paths.CALIBRATION_FIGURES),
    log:
        "logs/calibration.log",
    benchmark:
        "benchmarks/calibration.tsv"
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
