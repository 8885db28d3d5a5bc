"""Serve the built site on this machine only, and say what to do next.

python tools/serve.py _build/html --port 8000
"""

import argparse
import functools
import signal
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TRIES = 20


class Handler(SimpleHTTPRequestHandler):
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript", ".wasm": "application/wasm"}

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")  # a rebuilt page is seen at once
        super().end_headers()

    def send_error(self, code, message=None, explain=None):
        """For an address that does not exist, the site's own page, as GitHub Pages does."""
        page = Path(self.directory) / "404.html"
        if code != 404 or not page.exists():
            return super().send_error(code, message, explain)
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(page.stat().st_size))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page.read_bytes())

    def log_message(self, *arguments):
        pass


def server(folder, port):
    """Bind the first free port from `port` on; raises OSError if none of TRIES is free."""
    handler = functools.partial(Handler, directory=str(folder))
    for candidate in range(port, min(port + TRIES, 65536)):
        try:
            return ThreadingHTTPServer(("127.0.0.1", candidate), handler)
        except OSError as error:
            reason = error
    raise reason


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", default="8000")
    arguments = parser.parse_args()
    if not (arguments.folder / "index.html").exists():
        sys.exit(f"There is no built site in {arguments.folder}: run `make site` first.")
    if not arguments.port.isdecimal() or not 1 <= int(arguments.port) <= 65535:
        sys.exit(f"PORT must be a number from 1 to 65535, got {arguments.port!r}.")
    port = int(arguments.port)
    try:
        http = server(arguments.folder, port)
    except OSError as error:
        sys.exit(f"No port from {port} on could be opened ({error.strerror}): choose another with `make course PORT=9000`.")
    if http.server_port != port:
        print(f"Port {port} is taken; using {http.server_port} instead.")
    print(f"""
The course is served on http://127.0.0.1:{http.server_port}

  read       open that address in a browser
  practise   in another terminal: .venv/bin/jupyter lab labs
  stop       Ctrl-C
""")
    sys.stdout.flush()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # Ctrl-C, also where a shell that started this in the background ignores it
    try:
        http.serve_forever()
    except KeyboardInterrupt:
        print("\nStopped.")


if __name__ == "__main__":
    main()
