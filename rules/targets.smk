# What a run makes by its configuration, for `all` and for the rules that read what is there.


def strict_check():
    """With `strict`, a failed photograph fails the run; the check writes a file only when there is none."""
    return [str(paths.STRICT)] if CONFIG.strict else []


def critique_tables():
    """Table and summary of the critiques, where something is configured that writes them."""
    tables = [str(paths.STAGE2_TABLE), str(paths.STAGE2_SUMMARY)]
    return [] if CONFIG.stage2.resolved_engine() == "off" else tables


def critique_indexes(wildcards):
    """Input function: the critiques of every shard. Where nothing writes them the run ends here, before its first job."""
    if CONFIG.stage2.resolved_engine() == "off":
        sys.exit(f"judge-vision: {messages.HOW_TO_TURN_ON}")
    return every_index("critique")(wildcards)


def scored_tables():
    """The critiques, where they hold scores."""
    return critique_tables() if CONFIG.stage2.resolved_engine() == "server" else []


def playoff_tables():
    """The playoff, where there is one."""
    playoff = [index("playoff", "all"), str(paths.PLAYOFF_TABLE)]
    return playoff if CONFIG.playoff.enabled else []


def ranking_tables():
    """The ranking, where scores are there that may rank, or a score is named."""
    ranking = [str(paths.RANKING_TABLE), str(paths.RANKING_SUMMARY)]
    return ranking if scored_tables() or CONFIG.ranking.score != "auto" else []


def later_tables():
    """The tables of Stage 2 that this run makes: the page and the exports show them."""
    return [*critique_tables(), *ranking_tables()]


def in_bucket(name):
    """A file in the bucket for the results; without one, a name that nothing asks for."""
    folder = CONFIG.bucket.results
    return storage.s3(f"{folder}/{name}") if folder else f"state/published/{name}"


def published():
    """With a bucket for the results, they go there."""
    return rules.publish.output if CONFIG.bucket.results else []
