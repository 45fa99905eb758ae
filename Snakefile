"""Judge Vision: from a folder of photographs to one table and one page. Read the includes in order: that is the flow."""

import os

from snakemake.utils import min_version

min_version("9.0")


# Shipped defaults; `--configfile` and `--config` override them.
configfile: os.path.join(workflow.basedir, "config", "thresholds.yaml")
configfile: os.path.join(workflow.basedir, "config", "config.yaml")


# The introduction of Snakemake's own report (`snakemake --report FILE.html`).
report: "docs/captions/workflow.rst"


include: "rules/common.smk"
include: "rules/targets.smk"


# Everything a run writes, Snakemake's own records and locks too, lies in the results folder.
workdir: CONFIG.results


include: "rules/manifest.smk"
include: "rules/prepare.smk"
include: "rules/iqa.smk"


# A file each in rules/metrics: tonal and light figures, the monochrome verdict, ...
for metric in METRICS:

    include: f"rules/metrics/{metric}.smk"


include: "rules/compliance.smk"
include: "rules/merge.smk"
include: "rules/critique.smk"
include: "rules/ranking.smk"
include: "rules/report.smk"
include: "rules/exports.smk"
include: "rules/publish.smk"
include: "rules/models.smk"
include: "rules/competition.smk"


localrules:
    all,


rule all:
    """The Stage 1 table, the page and the plots, and Stage 2 with the ranking where it is on."""
    default_target: True
    input:
        "stage1.parquet",
        "report/index.html",
        critique_tables(),
        ranking_tables(),
        rules.plots.output,
        strict_check(),
        published(),


onstart:
    let_jobs_start(workflow.scheduler)
    watch_over(workflow.scheduler._executor)


onsuccess:
    finish()


onerror:
    say_failure(log)
