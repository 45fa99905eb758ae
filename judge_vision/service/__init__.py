"""The resident scoring server. Runs in the scoring container: standard library, the networks, Starlette, Uvicorn."""
