"""A stand-in for a vision language model's server: no model in it, but the real protocol, and misbehaviour on demand.

It is a real HTTP server (uvicorn) that speaks OpenAI's chat completions, so the real `openai` client talks to it. What
it answers is chosen by name: see `BEHAVIOURS`. Replies of its good behaviour follow from the picture's bytes alone.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import re
import socket
import threading
import time

import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

WORDS = (
    "The eye goes first to the light and then follows the line of the ground into the distance, which holds the frame "
    "together and gives the picture depth. The tones are handled with care and the main subject stands apart from what "
    "is behind it. The lower edge is a little crowded and a step to the left would have cleared it, so that the space "
    "around the subject could breathe. The sky carries more weight than it needs and could be taken down slightly. As "
    "one thing to try, wait for a figure or a bird to enter the empty third on the right, because a second point of "
    "interest would answer the first and give the story an ending that it does not have yet in this version."
)


def good_reply(seen):
    """The reply of a model that behaves: a score in half marks out of the picture's bytes, or the choice A or B."""
    if "better" in seen["properties"]:
        brightness = [brightness_of(picture) for picture in seen["pictures"]]
        return {"reason": "It holds the eye longer.", "better": "A" if brightness[0] >= brightness[1] else "B"}
    mark = 10 + hashlib.sha256(seen["pictures"][0]).digest()[0] % 17 / 2
    return {"title": "Where the Light Goes", "style": "Landscape", "critique": WORDS, "score": mark}


def brightness_of(jpeg):
    picture = Image.open(io.BytesIO(jpeg)).convert("L").resize((1, 1), Image.Resampling.BOX)
    return picture.getpixel((0, 0))


def completion(text, finish_reason="stop", **message):
    return {
        "id": "stand-in",
        "object": "chat.completion",
        "created": 0,
        "model": "stand-in-vlm",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish_reason,
                "message": {"role": "assistant", "content": text, **message},
            }
        ],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200},
    }


def replying(change):
    """A behaviour whose reply is the good one after `change`."""
    return lambda server, seen: JSONResponse(completion(change(good_reply(seen))))


def text(value):
    return json.dumps(value)


async def drip():
    for _ in range(1000):
        yield b" "
        await asyncio.sleep(0.05)


async def half():
    yield b'{"id": "stand-in", "choices": [{"message": {"content": "{'
    raise ConnectionResetError("cut on demand")


def refuse_schema(server, seen):
    if "response_format" in seen["body"]:
        return JSONResponse({"error": {"message": "response_format json_schema is not supported"}}, 400)
    return JSONResponse(completion(text(good_reply(seen))))


def escaped(value):
    """`value` with every character as JSON may write it, which Python's own JSON does not."""
    return "".join(f"\\u{ord(character):04X}" for character in value)


def repeat_key(write):
    """A behaviour whose usable reply holds the key that was sent, in every place for text, put into JSON by `write`."""

    def answer(server, seen):
        sent = seen["headers"]["authorization"]
        reply = good_reply(seen)
        content = text({**reply, "title": "TITLE", "critique": "CRITIQUE " + WORDS})
        content = content.replace("TITLE", write(sent)).replace("CRITIQUE", write(sent))
        return Response(text({**completion(content), "model": "MODEL"}).replace("MODEL", write(sent)))

    return answer


def error(status, message="trouble on demand", **headers):
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return lambda server, seen: JSONResponse({"error": {"message": message}}, status, headers=named)


BEHAVIOURS = {
    "good": replying(text),
    "fenced": replying(lambda reply: f"```json\n{text(reply)}\n```"),
    "429": error(429),
    "429-after-1": error(429, retry_after="1"),
    "429-after-9000": error(429, retry_after="9000"),
    "500": error(500),
    "503": error(503),
    "503-after-1": error(503, retry_after="1"),
    "401-with-key": lambda server, seen: JSONResponse(
        {"error": {"message": f"bad key {seen['headers'].get('authorization')}"}}, 401
    ),
    "500-with-key-at-the-cut": lambda server, seen: JSONResponse(
        {"error": {"message": f"{'x' * 180} {seen['headers'].get('authorization')}"}}, 500
    ),
    "good-with-key": repeat_key(str),
    "good-with-escaped-key": repeat_key(escaped),
    "404": error(404, "the model does not exist"),
    "no-schema": refuse_schema,
    "always-400": error(400, "too many pictures"),
    "cut": lambda server, seen: StreamingResponse(half(), headers={"content-length": "5000"}),
    "drip": lambda server, seen: StreamingResponse(drip()),
    "huge": lambda server, seen: PlainTextResponse("x" * 5_000_000),
    "compressed": lambda server, seen: Response(b"\x1f\x8b", headers={"content-encoding": "gzip"}),
    "redirect": lambda server, seen: RedirectResponse("http://127.0.0.1:9/v1/chat/completions"),
    "page": lambda server, seen: PlainTextResponse("<html>It works!</html>"),
    "no-choices": lambda server, seen: JSONResponse({**completion(""), "choices": []}),
    "broken-json": replying(lambda reply: text(reply)[:-20]),
    "wrong-schema": replying(lambda reply: text({"verdict": "good", "points": 17})),
    "empty": replying(lambda reply: ""),
    "length": lambda server, seen: JSONResponse(completion(text(good_reply(seen))[:100], finish_reason="length")),
    "filtered": lambda server, seen: JSONResponse(completion("", finish_reason="content_filter")),
    "declined": lambda server, seen: JSONResponse(completion(None, refusal="I cannot judge this.")),
    "score-25": replying(lambda reply: text({**reply, "score": 25})),
    "score-minus-1": replying(lambda reply: text({**reply, "score": -1})),
    "score-as-text": replying(lambda reply: text({**reply, "score": "17"})),
    "score-true": replying(lambda reply: text({**reply, "score": True})),
    "score-nan": replying(lambda reply: text({**reply, "score": float("nan")})),
    "score-17.3": replying(lambda reply: text({**reply, "score": 17.3})),
    "score-twice": replying(lambda reply: text(reply)[:-1] + ', "score": 20}'),
    "essay": replying(lambda reply: f"What a picture! {WORDS} I would give it 18 out of 20."),
    "essay-around-object": replying(lambda reply: f"Here is my verdict: {text(reply)} I hope it helps."),
    "list": replying(lambda reply: text([reply])),
    "blank-critique": replying(lambda reply: text({**reply, "critique": " \u200b\n"})),
    "hostile": replying(
        lambda reply: text({**reply, "title": "=HYPERLINK(1)\u202e", "critique": "<script>alert(1)</script>" + WORDS})
    ),
    "absurd-usage": lambda server, seen: JSONResponse(
        {**completion(text(good_reply(seen))), "usage": {"prompt_tokens": 10**30, "completion_tokens": "many"}}
    ),
}  # fmt: skip


class _Quick(uvicorn.Server):
    """Looks every hundredth of a second whether it shall stop, where the library takes a tenth."""

    async def main_loop(self):
        while not await self.on_tick(0):
            await asyncio.sleep(0.01)


class StandIn:
    """The server, on a free port of this machine, as a context manager.

    `plan` gives for each question a list of behaviours, one for each time that it is asked; the last one stays. It is a
    function of the entry's title, or one list for all. `requests` is what arrived: headers, body, pictures, title, and
    `around`, what the function of that name saw when it arrived.
    """

    def __init__(self, plan=("good",), delay_s=0.0, around=lambda: None):
        self.plan = plan if callable(plan) else lambda title: plan
        self.delay_s = delay_s
        self.around = around
        self.requests = []
        self.most_at_once = 0
        self._at_once = 0
        self._asked = {}
        self._hanging = asyncio.Event()
        app = Starlette(routes=[Route("/v1/chat/completions", self._answer, methods=["POST"])])
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        self._server = _Quick(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def __enter__(self):
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        # force: nobody waits for an answer any more
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(10)
        self._socket.close()

    def titles(self):
        """The titles that were asked about, in order."""
        return [seen["title"] for seen in self.requests]

    async def _answer(self, request):
        seen = {**self._read(await request.json(), dict(request.headers)), "around": self.around()}
        self.requests.append(seen)
        times = self._asked[seen["title"]] = self._asked.get(seen["title"], 0) + 1
        behaviours = list(self.plan(seen["title"]))
        behaviour = behaviours[min(times, len(behaviours)) - 1]
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            if behaviour == "hang":
                await asyncio.sleep(3600)
            await asyncio.sleep(self.delay_s)
            return BEHAVIOURS[behaviour](self, seen)
        finally:
            self._at_once -= 1

    @staticmethod
    def _read(body, headers):
        content = body["messages"][1]["content"]
        asked = content[0]["text"]
        entry = re.search(r"<(entry|entries)>\n(.*?)\n</\1>", asked, flags=re.S)
        data = json.loads(entry.group(2)) if entry else {}
        urls = [part["image_url"]["url"] for part in content if part["type"] == "image_url"]
        title = data.get("title") or "|".join(str(data[side]["title"]) for side in "AB" if side in data)
        form = '"better"' in body["messages"][0]["content"]
        return {
            "body": body,
            "headers": headers,
            "title": title,
            "entry": data,
            "text": asked,
            "system": body["messages"][0]["content"],
            "urls": urls,
            "pictures": [base64.b64decode(url.partition(",")[2]) for url in urls],
            "properties": ["reason", "better"] if form else ["title", "style", "critique", "score"],
        }
