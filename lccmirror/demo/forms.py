"""The form of a POST: urlencoded or multipart; anything else is an empty form."""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qs

from .messages import Request


def read_form(request: Request) -> dict[str, list[str]]:
    """Return the fields of a request's body."""
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        return parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    if not kind.startswith("multipart/form-data"):
        return {}
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + request.body)
    form: dict[str, list[str]] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            form.setdefault(name, []).append(content.decode("utf-8", "replace"))
    return form
