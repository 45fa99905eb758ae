"""The server's client against a stand-in that speaks the real protocol and misbehaves."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from judge_vision.critique.prompts import Prompt
from judge_vision.critique.reply import CritiqueReply, critique_schema, read_reply
from judge_vision.critique.server import Question, Server
from judge_vision.critique.settings import RequestSettings
from judge_vision.critique.waiting import retry_after_s, wait_s
from judge_vision.failure import PhotographError
from tests.stand_in_vlm import StandIn

QUICK = {"timeout_s": 0.6, "first_wait_s": 0.02, "longest_wait_s": 2.0, "attempts": 3}
PROMPT = Prompt("critique.toml", "f" * 64, "", "")
PICTURE = "data:image/jpeg;base64,/9j/4AAQ"


def waits(*values):
    """A case that takes seconds, because time is what it is about."""
    return pytest.param(*values, marks=pytest.mark.slow)


def ask(server, title="Dawn"):
    question = Question("system", f'<entry>\n{{"title": "{title}"}}\n</entry>', (PICTURE,), critique_schema(20))
    return server.ask(question, PROMPT, lambda text: read_reply(text, CritiqueReply, 20))


def client(stand_in, **settings):
    return Server(stand_in.base_url, "vlm", RequestSettings(**{**QUICK, **settings}), 4)


def failure(plan, **settings):
    with StandIn(plan) as stand_in, pytest.raises(PhotographError) as caught:
        ask(client(stand_in, **settings))
    assert caught.value.details["requests"] == len(stand_in.requests)
    return caught.value.error_type.value, caught.value.message, caught.value.details


def test_a_good_reply_comes_with_all_that_passed():
    with StandIn() as stand_in:
        reply, exchange = ask(client(stand_in))
    assert (reply.style, 10 <= reply.score <= 18) == ("Landscape", True)
    assert exchange.as_dict() == {
        "model": "vlm",
        "prompt": "critique.toml",
        "prompt_sha256": "f" * 64,
        "temperature": 0.2,
        "seed": 0,
        "served_model": "stand-in-vlm",
        "reply_format": "json_schema",
        "finish_reason": "stop",
        "prompt_tokens": 1000,
        "completion_tokens": 200,
        "requests": 1,
        "raw_reply": exchange.raw_reply,
    }
    assert '"Landscape"' in exchange.raw_reply
    sent = stand_in.requests[0]["body"]
    assert (sent["model"], sent["max_tokens"], sent["temperature"], sent["top_p"]) == ("vlm", 512, 0.2, 0.9)
    assert sent["response_format"]["json_schema"]["schema"] == critique_schema(20)


@pytest.mark.parametrize(
    "trouble", ["429", "500", "503", "cut", "page", *map(waits, ("429-after-1", "503-after-1", "hang", "drip"))]
)
def test_trouble_that_passes_costs_nothing_but_time(trouble):
    with StandIn([trouble, "good"]) as stand_in:
        reply, exchange = ask(client(stand_in))
    assert reply.score >= 10 and exchange.requests == 2


@pytest.mark.parametrize(
    ("trouble", "error_type", "words"),
    [
        ("429", "server_busy", "the server answers 429: trouble on demand"),
        ("500", "server_error", "the server answers 500: trouble on demand"),
        ("503", "server_error", "the server answers 503"),
        waits("hang", "server_timeout", "no complete answer within 0.6 s"),
        waits("drip", "server_timeout", "no complete answer within 0.6 s"),
        ("cut", "server_unreachable", "the connection failed or was cut"),
        ("huge", "server_unreachable", "the connection failed or was cut"),
        ("compressed", "server_unreachable", "the connection failed or was cut"),
        ("page", "server_error", "not a chat completion"),
        ("no-choices", "server_error", "the answer holds no reply"),
    ],
)
def test_trouble_that_stays_is_a_failure_after_all_tries(trouble, error_type, words):
    found, message, details = failure([trouble])
    assert (found, details["requests"]) == (error_type, 3)
    assert words in message
    assert "score" not in details


@pytest.mark.parametrize(
    ("nonsense", "error_type", "words"),
    [
        ("broken-json", "reply_not_json", "not one JSON object"),
        ("essay", "reply_not_json", "not one JSON object"),
        ("essay-around-object", "reply_not_json", "not one JSON object"),
        ("list", "reply_not_json", "not an object"),
        ("empty", "reply_empty", "said nothing"),
        ("length", "reply_cut", "cut at 512 tokens"),
        ("filtered", "reply_refused", "content filter"),
        ("wrong-schema", "reply_invalid", "'title' in the reply"),
        ("score-25", "reply_invalid", "the score 25 is above 20"),
        ("score-minus-1", "reply_invalid", "'score' in the reply"),
        ("score-as-text", "reply_invalid", "'score' in the reply"),
        ("score-true", "reply_invalid", "'score' in the reply"),
        ("score-nan", "reply_not_json", "NaN is not a number of JSON"),
        ("score-17.3", "reply_invalid", "not a step of 0.5"),
        ("score-twice", "reply_not_json", "'score' is there twice"),
        ("blank-critique", "reply_invalid", "'critique' in the reply: is empty"),
    ],
)
def test_nonsense_that_stays_is_a_failure_with_the_text_kept(nonsense, error_type, words):
    found, message, details = failure([nonsense])
    assert (found, details["requests"], details["seed"]) == (error_type, 2, 1)
    assert words in message
    assert details["raw_reply"] is not None and (details["raw_reply"] or nonsense in ("empty", "filtered"))
    assert details["completion_tokens"] == 400


def test_nonsense_once_is_asked_again_with_another_seed():
    with StandIn(["essay", "good"]) as stand_in:
        reply, exchange = ask(client(stand_in))
    assert (exchange.requests, exchange.seed, exchange.prompt_tokens) == (2, 1, 2000)
    assert [seen["body"]["seed"] for seen in stand_in.requests] == [0, 1]
    assert reply.score >= 10


def test_a_model_that_declines_is_not_pressed():
    found, message, details = failure(["declined"])
    assert (found, details["requests"], details["raw_reply"]) == ("reply_refused", 1, "I cannot judge this.")
    assert "declined" in message


@pytest.mark.parametrize(("refusal", "words"), [("404", "(404): the model does not exist"), ("redirect", "(307)")])
def test_a_refusal_is_not_repeated(refusal, words):
    found, message, details = failure([refusal])
    assert (found, details["requests"]) == ("server_refused", 1)
    assert words in message


def test_a_server_without_schemas_is_asked_without_and_read_strictly():
    with StandIn(["no-schema"]) as stand_in:
        server = client(stand_in)
        assert ask(server)[1].reply_format == "text"
        assert ask(server)[1].requests == 1, "it is not asked for schemas again"
    assert ["response_format" in seen["body"] for seen in stand_in.requests] == [True, False, False]
    with StandIn(["fenced"]) as stand_in:
        assert ask(client(stand_in))[0].style == "Landscape"


def test_a_refusal_that_has_nothing_to_do_with_schemas_stays_one():
    found, message, _ = failure(["always-400"])
    assert (found, "too many pictures" in message) == ("server_refused", True)


@pytest.mark.slow
def test_the_server_says_how_long_to_wait_and_everyone_waits():
    with StandIn(["429-after-1", "good"]) as stand_in:
        started = time.monotonic()
        ask(client(stand_in, timeout_s=5.0))
        assert time.monotonic() - started >= 1.0


@pytest.mark.slow
def test_nobody_asks_while_one_was_told_to_wait():
    with StandIn(lambda title: ["429-after-1", "good"] if title == "first" else ["good"]) as stand_in:
        server = client(stand_in, timeout_s=5.0)
        with ThreadPoolExecutor(1) as pool:
            told = pool.submit(ask, server, "first")
            while not stand_in.requests:
                time.sleep(0.01)
            time.sleep(0.2)
            started = time.monotonic()
            assert ask(server, "second")[1].requests == 1
            assert time.monotonic() - started > 0.5
            assert told.result()[1].requests == 2


def test_a_stopped_server_asks_nothing_more():
    with StandIn(["503"]) as stand_in, client(stand_in, first_wait_s=60.0, longest_wait_s=60.0) as server:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(ask, server)
            while not stand_in.requests:
                time.sleep(0.01)
            started = time.monotonic()
            server.__exit__()
            assert isinstance(waiting.exception(10), PhotographError)
        assert time.monotonic() - started < 5 and len(stand_in.requests) == 1


def test_a_wait_beyond_the_limit_fails_for_now():
    found, message, details = failure(["429-after-9000"])
    assert (found, details["requests"]) == ("server_busy", 1)
    assert "asks to wait 9000 s" in message


def test_a_server_that_is_not_there_is_given_up_after_some_photographs():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = RequestSettings(**{**QUICK, "attempts": 2, "give_up_after": 2})
    server = Server(f"http://127.0.0.1:{port}/v1", "vlm", settings, 4)
    found = []
    for _ in range(4):
        with pytest.raises(PhotographError) as caught:
            ask(server)
        found.append((caught.value.error_type.value, caught.value.details["requests"]))
    assert found == [("server_unreachable", 2), ("server_unreachable", 2), *[("server_unreachable", 0)] * 2]
    assert caught.value.message == "not asked: the server failed for the 2 photographs before; run again"


def test_the_key_goes_to_the_server_and_nowhere_else(monkeypatch, caplog):
    monkeypatch.setenv("JUDGE_VISION_API_KEY", "sk-secret-0123456789")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-somebody-elses")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-somebody")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-somebody")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with StandIn() as stand_in:
        ask(client(stand_in))
    headers = stand_in.requests[0]["headers"]
    assert headers["authorization"] == "Bearer sk-secret-0123456789"
    assert "somebody" not in str(headers)
    with caplog.at_level("DEBUG"):
        found, message, details = failure(["401-with-key"])
    assert found == "server_refused" and "bad key Bearer ***" in message
    assert "secret" not in str(details) + message + caplog.text


@pytest.mark.parametrize("key", ["sk-secret-0123456789", 'sk/secret"\\0123456789'])
@pytest.mark.parametrize("behaviour", ["good-with-key", "good-with-escaped-key"])
def test_a_usable_reply_that_repeats_the_key_is_kept_without_it(monkeypatch, behaviour, key):
    monkeypatch.setenv("JUDGE_VISION_API_KEY", key)
    if behaviour == "good-with-key":
        # as it stands in JSON, the reply being JSON inside a string of JSON
        key = json.dumps(key)[1:-1]
    with StandIn([behaviour]) as stand_in:
        reply, exchange = ask(client(stand_in))
    assert (reply.title, exchange.served_model) == ("Bearer ***", "Bearer ***")
    assert reply.critique.startswith("Bearer *** The eye goes first")
    assert json.loads(exchange.raw_reply)["title"] == "Bearer ***"


def test_no_part_of_the_key_is_left_where_a_long_error_is_cut(monkeypatch):
    monkeypatch.setenv("JUDGE_VISION_API_KEY", "sk-secret-0123456789")
    _, message, _ = failure(["500-with-key-at-the-cut"], attempts=1)
    assert "Bearer ***" in message and "sk-" not in message


def test_without_a_key_none_of_the_users_accounts_is_shown(monkeypatch):
    monkeypatch.delenv("JUDGE_VISION_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-somebody-elses")
    with StandIn() as stand_in:
        ask(client(stand_in))
    assert "somebody" not in str(stand_in.requests[0]["headers"])


def test_a_server_of_this_machine_is_reached_without_the_proxy(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with StandIn() as stand_in:
        assert ask(client(stand_in))[1].requests == 1


def test_what_a_server_says_of_tokens_is_not_worth_a_failure():
    with StandIn(["absurd-usage"]) as stand_in:
        exchange = ask(client(stand_in))[1]
    assert (exchange.prompt_tokens, exchange.completion_tokens) == (None, None)


def test_settings_that_are_null_are_not_sent():
    with StandIn() as stand_in:
        ask(client(stand_in, temperature=None, top_p=None, seed=None))
    assert not {"temperature", "top_p", "seed"} & set(stand_in.requests[0]["body"])


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 60.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert retry_after_s(header, now=40.0) == seconds


def test_waits_double_half_of_them_left_to_chance_up_to_a_limit():
    assert [wait_s(n, 1.0, 60.0, None, chance=1.0) for n in (1, 2, 3, 8)] == [1.0, 2.0, 4.0, 60.0]
    assert [wait_s(n, 1.0, 60.0, None, chance=0.0) for n in (1, 2, 3, 8)] == [0.5, 1.0, 2.0, 30.0]
    assert wait_s(1, 1.0, 60.0, 7.0, chance=1.0) == 7.25
