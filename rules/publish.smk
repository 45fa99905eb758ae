"""
publish: what people want of the results, in the bucket that the configuration names.

Reads:  stage1.parquet, summary.json, report/, records/
Writes: the same below `bucket.results`, the records as one archive; Snakemake's storage plugin uploads them

Runs where Snakemake runs: a cluster's nodes often reach no network.
"""


localrules:
    publish,


rule publish:
    """Put table, page and records into the bucket."""
    input:
        table=str(paths.TABLE),
        summary=str(paths.SUMMARY),
        page="report/index.html",
    output:
        table=in_bucket("stage1.parquet"),
        summary=in_bucket("summary.json"),
        page=in_bucket("report"),
        records=in_bucket("records.tar.gz"),
    log:
        "logs/publish.log",
    benchmark:
        "benchmarks/publish.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=60,
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/base.yaml"
    shell:
        "(cp -R {input.table:q} {output.table:q}"
        " && cp {input.summary:q} {output.summary:q}"
        " && cp -R report {output.page:q}"
        " && tar -czf {output.records:q} records)"
        " >{log:q} 2>&1"
