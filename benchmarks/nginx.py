"""nginx on a free port of 127.0.0.1, for as long as a block lasts.

It runs in the foreground with a configuration, a prefix folder and a process ID of its own,
so that no other nginx is touched, and without root.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from .measure import BenchmarkFailed

_MODULE: Final = Path("/usr/lib/nginx/modules/ngx_http_echo_module.so")
_PATIENCE_S: Final = 10.0
_CONFIG: Final = """
load_module {module};
{user}
daemon off;
worker_processes 1;
pid {prefix}/pid;
error_log stderr error;
events {{ worker_connections 256; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    # aria2c and lccmirror both keep their connections; neither shall have to open new ones
    keepalive_requests 1000000;
    client_body_temp_path {prefix}/body;
    proxy_temp_path {prefix}/proxy;
    fastcgi_temp_path {prefix}/fastcgi;
    uwsgi_temp_path {prefix}/uwsgi;
    scgi_temp_path {prefix}/scgi;
    types {{ text/csv csv; application/zip zip; application/gzip gz; }}
    default_type application/json;
    server {{
        listen 127.0.0.1:{port};
        root {root};
        location / {{ {delay} }}
        location @file {{ }}
    }}
}}
"""


@contextmanager
def nginx(root: Path, *, latency_s: float = 0.0) -> Iterator[str]:
    """Serve the files below `root`; yield the URL.

    Parameters
    ----------
    root
        A folder that everybody may read.
    latency_s
        How long each answer waits before it begins.
    """
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None or not _MODULE.is_file():
        raise BenchmarkFailed("no nginx: run benchmarks/install-debian-tools")
    with tempfile.TemporaryDirectory(prefix="lccmirror-nginx-") as folder:
        prefix = Path(folder)
        port = _free_port()
        config = prefix / "nginx.conf"
        delay = f"echo_sleep {latency_s:.3f}; echo_exec @file;" if latency_s else ""
        config.write_text(
            _CONFIG.format(
                module=_MODULE, prefix=prefix, port=port, root=root, delay=delay, user=_user()
            )
        )
        errors = prefix / "errors"
        with errors.open("wb") as log:
            process = subprocess.Popen(
                [program, "-p", prefix, "-c", config, "-e", "stderr"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            _wait_for(port, process, errors)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(_PATIENCE_S)


def _user() -> str:
    """Return the directive that keeps root's nginx from becoming somebody else."""
    return "user root;" if os.geteuid() == 0 else ""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes], errors: Path) -> None:
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if process.poll() is not None or time.monotonic() > until:
                said = errors.read_text("utf-8", "replace")[-1000:]
                raise BenchmarkFailed(f"nginx did not start: {said}") from None
            time.sleep(0.02)
        else:
            return
