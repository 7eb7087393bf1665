"""A web server of files with faults: the first part of a path says which. `python server.py <folder>` prints its port."""

import collections
import email.utils
import gzip
import hashlib
import http.server
import os
import sys
import time
import urllib.parse

FOLDER = sys.argv[1]
seen = collections.Counter()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_HEAD(self):
        self.answer(False)

    def do_GET(self):
        self.answer(True)

    def plain(self, status, text=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def answer(self, with_body):
        target, _, query = self.path.partition("?")
        fault, _, name = urllib.parse.unquote(target).strip("/").partition("/")
        seen[fault, name] += 1
        seen[fault, name, self.command] += 1
        with open(os.path.join(FOLDER, "requests"), "a") as log:
            log.write(f"{self.command} {self.path} {self.headers.get('Range', '-')}\n")
        if fault == "redirect":
            return self.plain(302, Location=f"/plain/{name}")
        if fault == "flaky" and seen[fault, name] <= 2:
            return self.plain(500 if seen[fault, name] == 1 else 429, b"not now", Retry_After="0")
        if fault == "broken":
            return self.plain(503, b"never")
        if fault == "nohead" and not with_body:
            return self.plain(405)
        if fault == "auth" and self.headers.get("Authorization") != "Bearer opensesame":
            return self.plain(401)
        if fault == "query" and query != "key=opensesame&year=2024":
            return self.plain(403)
        try:
            with open(os.path.join(FOLDER, name), "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return self.plain(404)
        if fault == "encoded":
            data = gzip.compress(data, mtime=0)
        tag = '"' + hashlib.md5(data).hexdigest() + '"'
        if fault == "changing" and seen[fault, name, "GET"] > 1:
            tag = '"another"'
        start, end, status = 0, len(data), 200
        wanted = self.headers.get("Range")
        if wanted and fault not in ("noparts", "cutnoparts", "chunked", "old"):
            condition = self.headers.get("If-Range")
            if condition in (None, tag) or condition and not condition.startswith('"'):
                first, _, last = wanted.removeprefix("bytes=").partition("-")
                start = int(first)
                end = min(int(last) + 1, len(data)) if last else len(data)
                if start >= len(data):
                    return self.plain(416)
                status = 206
        if self.headers.get("If-Match") not in (None, tag):
            return self.plain(412)
        body = data[start:end]
        if fault == "old":
            # As HTTP/1.0: the end of the connection is the end of the file.
            self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + (body if with_body else b""))
            self.close_connection = True
            return
        self.send_response(status)
        if fault == "encoded":
            self.send_header("Content-Encoding", "gzip")
        if fault == "dated":
            self.send_header("Last-Modified", email.utils.formatdate(os.path.getmtime(os.path.join(FOLDER, name)), usegmt=True))
        elif fault not in ("anonymous", "chunked"):
            self.send_header("ETag", tag)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        if fault == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            if with_body:
                for at in range(0, len(body), 1000):
                    piece = body[at : at + 1000]
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                if seen[fault, name, "GET"] == 99 or name.startswith("cut"):
                    # Without the last chunk.
                    self.close_connection = True
                    return
                self.wfile.write(b"0\r\n\r\n")
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not with_body:
            return
        if fault in ("cut", "cutnoparts", "changing") and len(body) > 10:
            # Half of what was promised, each time.
            self.wfile.write(body[: max(len(body) // 2, 10)])
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()
            return
        if fault == "slow":
            for at in range(0, len(body), max(len(body) // 10, 1)):
                self.wfile.write(body[at : at + max(len(body) // 10, 1)])
                self.wfile.flush()
                time.sleep(0.1)
            return
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
# Clients that have seen enough hang up.
server.handle_error = lambda *arguments: None
print(server.server_port, flush=True)
server.serve_forever()
