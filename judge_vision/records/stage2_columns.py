"""The tables of Stage 2: critiques, ranking and the playoff's matches; every column once, as for Stage 1."""

from __future__ import annotations

from judge_vision.records.columns import Column

STAGE2_VERSION = "1"

_WHO = (
    Column("title", "string", "stage1", "As in the Stage 1 table"),
    Column("category", "string", "stage1", "As in the Stage 1 table"),
    Column("author", "string", "stage1", "As in the Stage 1 table; never sent to a server"),
)

CRITIQUES: tuple[Column, ...] = (
    Column(
        "image", "string", "stage1", "Path of the file, relative to the photo folder; unique; rows are sorted by it"
    ),
    Column("sha256", "string", "stage1", "SHA-256 of the file's bytes; null where they could not be read"),
    *_WHO,
    Column(
        "status",
        "string",
        "critique",
        "not_judged: the photograph failed in Stage 1 or does not comply",
        range="ok, failed, not_judged",
    ),
    Column("error_type", "string", "critique", "Why not ok: one of a closed list; null for ok"),
    Column("error", "string", "critique", "The same in a sentence; null for ok"),
    Column("engine", "string", "critique", "What wrote the critique; null for not_judged", range="server, rules"),
    Column(
        "notice", "string", "critique", "A sentence to show wherever the critique or the score is shown: who wrote it"
    ),
    Column(
        "score",
        "float64",
        "critique",
        "Score that the model gave; null unless status is ok, and always null for rules",
        "mark",
        "0 to max_score",
    ),
    Column("max_score", "float64", "critique", "Top of the scale that the model was asked to use", "mark", "> 0"),
    Column("style", "string", "critique", "Style that the model saw; from a closed list"),
    Column("suggested_title", "string", "critique", "Title that the model proposes; hostile text like every reply"),
    Column("critique", "string", "critique", "The remarks; hostile text like every reply"),
    Column("critique_words", "int64", "critique", "Their length", "words", ">= 1"),
    Column("model", "string", "critique", "Model as named in the settings; null for rules"),
    Column("served_model", "string", "critique", "Model as the server names it in its reply"),
    Column("prompt", "string", "critique", "File name of the prompt template; null for rules"),
    Column("prompt_sha256", "string", "critique", "SHA-256 of the template's bytes; null for rules"),
    Column("seed", "int64", "critique", "Seed that was sent with the last request; null: none"),
    Column("temperature", "float64", "critique", "Temperature that was sent; null: none", "", "0 to 2"),
    Column("reply_format", "string", "critique", "How the reply's form was asked for", range="json_schema, text"),
    Column("finish_reason", "string", "critique", "Why the model stopped, as the server says"),
    Column(
        "prompt_tokens",
        "int64",
        "critique",
        "Tokens of all requests for this photograph, as the server counts them",
        "tokens",
    ),
    Column(
        "completion_tokens",
        "int64",
        "critique",
        "Tokens of all replies for this photograph, as the server counts them",
        "tokens",
    ),
    Column(
        "requests", "int64", "critique", "Requests that were made for this photograph, retries included", "", ">= 0"
    ),
    Column("raw_reply", "string", "critique", "The last reply as it came, at most 20,000 characters; hostile text"),
)

RANKING: tuple[Column, ...] = (
    Column(
        "image", "string", "stage1", "Path of the file, relative to the photo folder; unique; rows are sorted by it"
    ),
    *_WHO,
    Column("status", "string", "ranking", "Whether the photograph takes part", range="ranked, not_ranked"),
    Column("reason", "string", "ranking", "Why it does not, in a sentence; null for ranked"),
    Column("score", "float64", "ranking", "The score that ranks; null for not_ranked"),
    Column(
        "score_source",
        "string",
        "ranking",
        "Where the score comes from: critique (Stage 2), or the Stage 1 column of that name",
    ),
    Column(
        "notice",
        "string",
        "ranking",
        "A sentence to show wherever scores, ranks or awards are shown: who scored, and what that is worth",
    ),
    Column(
        "mark",
        "float64",
        "ranking",
        "The score on the competition's scale, in half marks; null where there is no way from the score to the scale",
        "mark",
    ),
    Column("band", "string", "ranking", "Label of the score band that the mark earns; null: none"),
    Column("rank", "int64", "ranking", "Place in its category; equals share a rank: 1, 2, 2, 4", "", ">= 1"),
    Column("rank_of", "int64", "ranking", "Photographs ranked in the category", "", ">= 1"),
    Column("placing", "string", "ranking", "Label that the rank earns by the competition's placings; null: none"),
    Column("accepted", "bool", "ranking", "Within the competition's acceptance rate; null: it has none"),
    Column("playoff_strength", "float64", "ranking", "Bradley-Terry strength; mean 0 in a category; null: not in it"),
    Column("playoff_low", "float64", "ranking", "Lower end of its 95 % interval"),
    Column("playoff_high", "float64", "ranking", "Upper end of its 95 % interval"),
    Column("playoff_matches", "int64", "ranking", "Comparisons that were decided, sides swapped counted apart"),
    Column("playoff_wins", "int64", "ranking", "Those that it won"),
)

MATCHES: tuple[Column, ...] = (
    Column("category", "string", "stage1", "Category of both photographs; null: none"),
    Column("round", "int64", "playoff", "Round of the playoff", "", ">= 1"),
    Column("first", "string", "playoff", "Photograph that was shown first"),
    Column("second", "string", "playoff", "Photograph that was shown second"),
    Column("winner", "string", "playoff", "Photograph that the model preferred; null for failed"),
    Column("status", "string", "playoff", "A failed comparison counts for neither", range="ok, failed"),
    Column("error_type", "string", "playoff", "Why it failed; null for ok"),
    Column("error", "string", "playoff", "The same in a sentence; null for ok"),
    Column("reason", "string", "playoff", "The model's reason; hostile text like every reply"),
    *(
        Column(c.name, c.type, "playoff", c.description.replace("this photograph", "this comparison"), c.unit, c.range)
        for c in CRITIQUES
        if c.name
        in (
            "model",
            "served_model",
            "prompt",
            "prompt_sha256",
            "seed",
            "temperature",
            "reply_format",
            "finish_reason",
            "prompt_tokens",
            "completion_tokens",
            "requests",
            "raw_reply",
        )
    ),
)

TABLES: dict[str, tuple[Column, ...]] = {
    "stage2.parquet": CRITIQUES,
    "ranking.parquet": RANKING,
    "playoff.parquet": MATCHES,
}
