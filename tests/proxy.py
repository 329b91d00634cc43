"""A small proxy on loopback that serves a site under a path, as nginx would: with the prefix taken off or left on."""

import http.client
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "proxy-connection"}


@contextmanager
def proxied(inner, prefix, strip, told=True):
    """The address of `inner` (http://host:port/) under the prefix. strip: whether inner sees paths without it; told:
    whether the headers say what the browser asked for (Host, X-Forwarded-*), else only the prefix is there to know."""
    site = urlsplit(inner)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def pass_on(self):
            path = self.path
            if strip and path == prefix:
                self.send_response(301)
                self.send_header("Location", f"{prefix}/")
                self.end_headers()
                return
            if path == "/favicon.ico":  # which a browser looks for at the root of a host
                self.send_response(204)
                self.end_headers()
                return
            if path != prefix and not path.startswith(f"{prefix}/"):
                self.send_error(404, f"{path} is outside of the prefix")
                return
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
            if told:
                headers |= {"X-Forwarded-Host": headers["Host"], "X-Forwarded-Proto": "http"}
            else:
                headers["Host"] = site.netloc
            body = self.rfile.read(int(headers.get("Content-Length", 0)))
            back = http.client.HTTPConnection(site.hostname, site.port)
            try:
                back.request(self.command, path.removeprefix(prefix) if strip else path, body, headers)
                answer = back.getresponse()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in {*HOP, "date", "server"}:
                        self.send_header(name, value)
                self.end_headers()
                while piece := answer.read1(65536):  # as it comes: events must not wait for the next ones
                    self.wfile.write(piece)
                    self.wfile.flush()
            except (BrokenPipeError, ConnectionResetError):
                pass  # the browser has gone
            finally:
                back.close()

        do_GET = do_POST = do_HEAD = pass_on

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{prefix}/"
        server.shutdown()
