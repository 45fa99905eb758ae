"""
models: fetch the official networks, on request only: `snakemake --cores 1 models`.

Reads:  the publishers' servers
Writes: the weights below models.root, which are no output of this rule: they outlive any results folder

Nothing depends on it: no scoring job ever downloads. `make models` is the same without a results folder.
"""


localrules:
    models,


rule models:
    """Fetch and verify the official networks."""
    input:
        script=script("fetch_models"),
    log:
        "logs/models.log",
    benchmark:
        "benchmarks/models.tsv"
    params:
        root=lambda wildcards: (
            ["--root", CONFIG.models.root] if CONFIG.models.root else []
        ),
        variant=CONFIG.musiq.variant,
    threads: 1
    resources:
        mem_mb=500,
        runtime=120,
        disk_mb=SCRATCH_MB,
    conda:
        "../envs/models.yaml"
    shell:
        "python {input.script:q} {params.root:q} --variants {params.variant:q} 2>&1 | tee {log:q}"
