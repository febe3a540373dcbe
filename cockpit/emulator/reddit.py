"""Reddit's protocol over the embedded market: a token for a client, then the search of subreddits."""

from datetime import timedelta
from hashlib import blake2b
from itertools import islice

from aiohttp import BasicAuth, web

from cockpit.emulator.clock import EmulatorClock
from cockpit.emulator.faults import Faults
from cockpit.emulator.market import Market
from cockpit.emulator.opinions import Voice, voices
from cockpit.emulator.quotas import FixedWindow

_TEN_MINUTES = 600
_TOKEN_SECONDS = 86_400
_MOST = 100


def reddit_routes(market: Market, clock: EmulatorClock, faults: Faults, per_ten_minutes: int) -> web.Application:
    """The application to mount under ``/reddit``; so many requests in ten minutes of real time, 0 for no limit."""
    window = FixedWindow(per_ten_minutes, _TEN_MINUTES)

    async def token(request: web.Request) -> web.Response:
        form = await request.post()
        try:
            client = BasicAuth.decode(request.headers.get("Authorization", ""))
        except ValueError:
            return web.json_response({"message": "Unauthorized", "error": 401}, status=401)
        if form.get("grant_type") != "client_credentials":
            return web.json_response({"error": "unsupported_grant_type"})
        return web.json_response(
            {
                "access_token": _token(client.login, market.seed),
                "token_type": "bearer",
                "expires_in": _TOKEN_SECONDS,
                "scope": "*",
            }
        )

    async def search(request: web.Request) -> web.Response:
        spent = window.spend()
        headers = {
            "X-Ratelimit-Used": str(spent.used),
            "X-Ratelimit-Remaining": f"{max(0, spent.allowed - spent.used):.1f}",
            "X-Ratelimit-Reset": str(max(0, spent.ends - int(clock.now().timestamp())) % _TEN_MINUTES),
        }
        if faults.reddit_status:
            return web.json_response({"message": "fault", "error": faults.reddit_status}, status=faults.reddit_status)
        if not request.headers.get("Authorization", "").lower().startswith("bearer "):
            return web.json_response({"message": "Unauthorized", "error": 401}, status=401)
        if spent.over:
            return web.json_response({"message": "Too Many Requests", "error": 429}, status=429, headers=headers)
        name = market.name(request.query.get("q", "").strip().lstrip("$").upper())
        subreddit = request.match_info["subreddit"].split("+")[0]
        found: list[Voice] = []
        if name is not None:
            now = clock.now()
            said = voices(market.seed, name.equity.symbol, now, "reddit")
            found = [voice for voice in islice(said, _MOST) if now - voice.at <= timedelta(days=1)]
        children = [{"kind": "t3", "data": _post(voice, subreddit)} for voice in found]
        return web.json_response(
            {"kind": "Listing", "data": {"after": None, "dist": len(children), "children": children}}, headers=headers
        )

    app = web.Application()
    app.router.add_post("/api/v1/access_token", token)
    app.router.add_get("/r/{subreddit}/search", search)
    return app


def _token(client: str, seed: int) -> str:
    return blake2b(f"{client}:{seed}".encode(), digest_size=16).hexdigest()


def _post(voice: Voice, subreddit: str) -> dict[str, object]:
    identity = f"{int(voice.at.timestamp()):x}{voice.number:x}"
    return {
        "id": identity,
        "name": f"t3_{identity}",
        "title": voice.text,
        "selftext": "",
        "score": voice.number % 40,
        "ups": voice.number % 40,
        "num_comments": voice.number % 17,
        "created_utc": voice.at.timestamp(),
        "subreddit": subreddit,
        "permalink": f"/r/{subreddit}/comments/{identity}/",
        "link_flair_text": None,
    }
