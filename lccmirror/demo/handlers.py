"""The server's routes, in both dialects.

`LccApplication` finds out who asks, applies the rate limit, and hands each path to its
handler; the handlers ask the `Backend` and say it in the dialect's words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from http.cookies import CookieError, SimpleCookie

from .arguments import SERVICES, BadRequest, parse_search
from .backend import Backend, Dataset, Requester
from .dialects import (
    LIST_CAP,
    Dialect,
    collections_result,
    dataset_json,
    enveloped,
    key_answer,
    list_item,
    written,
)
from .encoding import encoded
from .files import StickyTags, answer_file, strong_tag
from .forms import read_form
from .keys import KeyDesk
from .listing import matching_datasets
from .messages import HTML_TYPE, JSON_TYPE, VARY, Answer, Request, html_error, json_answer
from .streams import search_stream

_RETRY_AFTER_S = "120"
_BAD_KEY = "Your API key appears to be invalid or has expired."
_BAD_KEY_DOCUMENTED = "API key could not be verified or has expired."


@dataclass(frozen=True)
class Caller:
    """Who asks, and how we know."""

    requester: Requester
    key: str | None
    new_session: bool


Handler = Callable[[Request, Caller], Answer]


class LccApplication:
    """An LCC-Server's answers.

    Parameters
    ----------
    now
        The time in UTC, for the streams.
    address
        The client's address as the server sees it: keys are bound to it.
    """

    def __init__(
        self,
        backend: Backend,
        keys: KeyDesk,
        dialect: Dialect,
        now: Callable[[], datetime],
        address: Callable[[Request], str],
    ) -> None:
        self._backend = backend
        self._keys = keys
        self._dialect = dialect
        self._now = now
        self._address = address
        self._tags = StickyTags()

    def __call__(self, request: Request) -> Answer:
        """Answer a request."""
        if request.path.startswith("/c/"):
            return self._static(request)
        handler = self._route(request)
        if isinstance(handler, Answer):
            return handler
        caller = self._caller(request)
        if isinstance(caller, Answer):
            return caller
        counted = caller.key is not None or not caller.new_session
        rate = self._keys.count(caller.requester) if counted else None
        if rate is not None:
            text = "You have exceeded your API request rate."
            answer = json_answer(enveloped("failed", {"rate": rate}, text), 429)
            return answer.with_headers(("Retry-After", _RETRY_AFTER_S))
        answer = handler(request, caller)
        if caller.new_session:
            cookie = f'lccserver_session="{caller.requester.token}"; HttpOnly; Path=/'
            answer = replace(answer, headers=(*answer.headers, ("Set-Cookie", cookie)))
        return encoded(request, answer)

    def after(self, request: Request) -> None:
        """Render the pages that may be asked for next."""
        found = re.match(r"/set/([^/]+)", request.path)
        if found and request.method == "GET" and request.query.get("json") == ["1"]:
            self._backend.render_around(found[1], request.page_number)

    def _route(self, request: Request) -> Handler | Answer:
        for methods, pattern, handler in self._routes():
            if re.fullmatch(pattern, request.path):
                return handler if request.method in methods else html_error(405)
        return html_error(404)

    def _routes(self) -> Iterator[tuple[tuple[str, ...], str, Handler]]:
        yield ("GET",), "/api/key", self._new_key
        yield ("GET",), "/api/collections", self._collections
        yield ("GET",), "/api/datasets", self._datasets
        yield ("GET",), "/api/object", self._object
        yield ("GET", "POST"), r"/set/[^/]+(/[^/]*)?", self._set
        yield ("POST",), f"/api/({'|'.join(SERVICES)})", self._search
        yield ("GET", "HEAD"), r"/d/[^/]+", self._file
        yield ("GET", "HEAD"), r"/p/lightcurves-[^/]+\.zip", self._file
        yield ("GET", "HEAD"), r"/l/[^/]+/[^/]+", self._file
        if self._dialect == "running":
            yield ("POST",), "/api/verify", self._verify
        else:
            yield ("POST",), "/api/auth", self._verify
            yield ("GET",), "/object", self._object

    def _caller(self, request: Request) -> Caller | Answer:
        header = request.headers.get("authorization", "")
        if not header:
            requester, new = self._keys.session(_session_cookie(request))
            return Caller(requester, None, new)
        # the second word counts, whatever the first one is
        words = header.split()
        key = words[1] if len(words) > 1 else ""
        known = self._keys.recognise(key, self._address(request))
        if known is not None:
            return Caller(known, key, new_session=False)
        documented = self._dialect == "documented" and request.path == "/api/auth"
        text = _BAD_KEY_DOCUMENTED if documented else _BAD_KEY
        return json_answer(written({"status": "failed", "message": text, "result": None}), 401)

    def _new_key(self, request: Request, caller: Caller) -> Answer:
        if caller.key is not None and self._dialect == "running":
            text = "API key could not be generated because of a backend error."
            return json_answer(enveloped("failed", None, text))
        session = None if caller.key else caller.requester.token
        return json_answer(
            key_answer(*self._keys.issue(self._address(request), session=session))
        )

    def _verify(self, request: Request, caller: Caller) -> Answer:
        expires = self._keys.expires(caller.key or "")
        if expires is None:
            return json_answer(enveloped("failed", None, "No credentials provided."), 401)
        text = f"API key verified successfully. Expires: {expires.isoformat()}"
        if self._dialect == "running":
            return json_answer(enveloped("ok", None, [f"{text}."]))
        return json_answer(enveloped("ok", {"expires": f"{expires.isoformat()}Z"}, f"{text}Z"))

    def _collections(self, request: Request, caller: Caller) -> Answer:
        surveys, updated = self._backend.collections(), self._backend.collections_updated()
        result = collections_result(self._dialect, surveys, updated)
        return json_answer(
            enveloped("ok", result, f"found {len(surveys)} collections in total")
        )

    def _datasets(self, request: Request, caller: Caller) -> Answer:
        try:
            nsets = int(request.query.get("nsets", ["25"])[-1])
        except ValueError:
            nsets = 25
        if self._dialect == "documented":
            nsets = min(nsets, LIST_CAP)
        found = list(self._backend.datasets())
        wanted = request.query.get("filter", [""])[-1]
        if wanted:
            matches = matching_datasets(found, wanted)
            if matches is None:
                return html_error(500)
            found = matches
        # the window is cut first; what the caller may not see is dropped after that
        window = found if nsets < 0 else found[:nsets]
        if not window:
            text = "No datasets matching query parameters were found."
            return json_answer(enveloped("failed", None, text))
        who = caller.requester
        listed = [d for d in window if d.visibility == "public" or d.owned_by(who)]
        base = request.base_url
        items = [list_item(self._dialect, d, who, base) for d in listed]
        return json_answer(enveloped("ok", items, f"found {len(window)} datasets in total"))

    def _set(self, request: Request, caller: Caller) -> Answer:
        setid = request.path.split("/")[2]
        if request.method == "POST":
            return self._edit(request, caller, setid)
        as_json = request.query.get("json", ["0"])[-1] == "1"
        dataset = self._backend.dataset(setid)
        if dataset is None:
            text = (
                f"The requested dataset with setid: {setid} doesn't exist, or you don't have "
                "access to it."
            )
            return (
                json_answer(enveloped("failed", None, text), 404)
                if as_json
                else html_error(404)
            )
        if not dataset.readable_by(caller.requester):
            text = "You don't have access to this dataset."
            body = written({"status": "failed", "message": text, "result": None})
            return json_answer(body, 401) if as_json else html_error(401)
        if not as_json:
            return Answer(
                200, (HTML_TYPE,), f"<html><title>{dataset.name}</title></html>".encode()
            )
        return json_answer(self._dataset_json(request, dataset, caller.requester))

    def _dataset_json(self, request: Request, dataset: Dataset, requester: Requester) -> bytes:
        page = request.page_number
        return dataset_json(
            self._dialect,
            dataset,
            requester,
            page=page,
            # a page that has to be rendered first is answered without its rows
            rows=self._backend.page(dataset.setid, page) or (),
            strformat=request.query.get("strformat", ["0"])[-1] == "1",
        )

    def _edit(self, request: Request, caller: Caller, setid: str) -> Answer:
        if caller.key is None:
            return json_answer(enveloped("failed", None, "Sorry, you don't have access."), 403)
        form = read_form(request)
        action = form.get("action", [""])[0]
        try:
            update = json.loads(form.get("update", [""])[0])
        except ValueError:
            update = None
        done = False
        if action == "change_visibility" and isinstance(update, dict):
            new = str(update.get("new_visibility"))
            done = self._backend.change_visibility(setid, new, caller.requester)
            if done:
                text = "Dataset visibility change successful."
                return json_answer(enveloped("ok", new, text))
        text = "Dataset visibility change failed." if action else "No action specified."
        return json_answer(enveloped("failed", None, text))

    def _search(self, request: Request, caller: Caller) -> Answer:
        if caller.key is None:
            return json_answer(enveloped("failed", None, "Sorry, you don't have access."), 403)
        service = request.path.rpartition("/")[2]
        try:
            wanted = parse_search(service, read_form(request))
        except BadRequest as error:
            lines = [enveloped("failed", None, message) for message in error.messages]
            body = b"".join(lines) if self._dialect == "running" else b"\n".join(lines) + b"\n"
            return json_answer(body, error.status)
        lines_of = search_stream(
            self._dialect,
            wanted,
            self._backend.search(wanted, caller.requester),
            request.base_url,
            self._backend.lczip_max_nrows,
            self._now,
        )
        return Answer(200, (JSON_TYPE, VARY), lines_of)

    def _object(self, request: Request, caller: Caller) -> Answer:
        if not ("objectid" in request.query and "collection" in request.query):
            return Answer(400, (HTML_TYPE,))
        objectid, collection = (request.query[k][-1] for k in ("objectid", "collection"))
        known = self._backend.object_info(collection, objectid)
        if known is None:
            text = (
                f"Sorry, you don't have access to object {objectid} in collection {collection}"
            )
            return json_answer(enveloped("failed", None, text), 404)
        return json_answer(enveloped("ok", known, "found object"))

    def _file(self, request: Request, caller: Caller) -> Answer:
        owner = self._backend.owner_of(request.path)
        # no such thing and not for you are the same answer
        if owner is None:
            return html_error(401)
        if isinstance(owner, Dataset) and not owner.readable_by(caller.requester):
            return html_error(401)
        file = self._backend.file(request.path)
        if file is None:
            return html_error(404)
        return answer_file(request, file, self._tags.of(request.path, file))

    def _static(self, request: Request) -> Answer:
        file = self._backend.file(request.path)
        if file is None:
            return html_error(404)
        if request.method not in ("GET", "HEAD"):
            return html_error(405)
        return answer_file(request, file, strong_tag(file))


def _session_cookie(request: Request) -> str | None:
    try:
        cookie = SimpleCookie(request.headers.get("cookie", "")).get("lccserver_session")
    except CookieError:
        return None
    return cookie.value if cookie else None
