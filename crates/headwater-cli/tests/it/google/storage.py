"""Google Cloud Storage's XML API, as far as `object_store` uses it, in front of fake-gcs-server, an emulator of the JSON API.

The emulator keeps the objects, lists them, and decides whether one may be created (`ifGenerationMatch`). This program only says the one
API in the words of the other. What the emulator has nothing for is here: parts of an upload are kept until it is complete, a read with
`If-Match` is compared with the answer's ETag, and requests need the bearer token that the machine's identity gives out here, too.

It is also a proxy whose clients reach it by TLS where they mean Google, and knows what a service account has signed.

  storage.py <fake-gcs-server> <folder> <bucket>…     puts ca.pem and account.json into the folder, prints its port and the emulator's;
                                                      ends when standard input does

Sources: https://cloud.google.com/storage/docs/xml-api/reference-methods, https://cloud.google.com/storage/docs/json_api/v1/objects.
"""

import base64
import http.client
import itertools
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit
from xml.sax.saxutils import escape

from authority import account, contexts
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

HOSTS = {"storage.googleapis.com": "http/1.1"}
# Google's answers have up to 1,000 keys. Few are enough to need several answers.
PAGE = 5
TOKEN = "a-token-for-tests"
IDENTITY = "/computeMetadata/v1/instance/service-accounts/default/token"
# A bucket that is there and that the token has no rights to, and one that everybody may read.
FORBIDDEN, PUBLIC = "forbidden", "public"

emulator_port = None
uploads, upload_numbers, uploads_lock = {}, itertools.count(1), threading.Lock()


def emulator(method, path, body=None, headers=None):
    """One request to the emulator: status, headers, body."""
    connection = http.client.HTTPConnection("127.0.0.1", emulator_port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def created(bucket, name, body, content_type, generation):
    """Stores an object, if that is the generation of what is there. Of the emulator's uploads this kind heeds the condition."""
    query = {"uploadType": "multipart"}
    if generation is not None:
        query["ifGenerationMatch"] = generation
    between = uuid.uuid4().hex
    about = json.dumps({"name": name, "contentType": content_type})
    first = f"--{between}\r\nContent-Type: application/json\r\n\r\n{about}\r\n--{between}\r\nContent-Type: {content_type}\r\n\r\n"
    whole = first.encode() + body + f"\r\n--{between}--\r\n".encode()
    path = f"/upload/storage/v1/b/{quote(bucket, '')}/o?{urlencode(query)}"
    status, _, answer = emulator("POST", path, whole, {"Content-Type": f"multipart/related; boundary={between}"})
    return status, json.loads(answer) if status == 200 else None


class Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=None):
        self.send_response(status)
        headers = {"Content-Type": "application/xml; charset=UTF-8", "Content-Length": str(len(body)), **(headers or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status):
        code, message = {
            401: ("AuthenticationRequired", "Authentication required."),
            403: ("AccessDenied", "Access denied."),
            404: ("NoSuchKey" if self.name else "NoSuchBucket", "The specified resource does not exist."),
            412: ("PreconditionFailed", "At least one of the pre-conditions you specified did not hold."),
        }.get(status, ("InvalidArgument", "Invalid argument."))
        text = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        self.answer(status, text.encode())

    def handle_any(self):
        url = urlsplit(self.path)
        self.query = {key: values[0] for key, values in parse_qs(url.query, keep_blank_values=True).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if url.path == IDENTITY:
            token = {"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"}
            return self.answer(200, json.dumps(token).encode(), {"Content-Type": "application/json"})
        bucket, _, name = url.path.lstrip("/").partition("/")
        self.bucket, self.name = unquote(bucket), unquote(name)
        if not self.is_known() and not (
            "Authorization" not in self.headers and self.bucket == PUBLIC and self.command in ("GET", "HEAD")
        ):
            return self.refuse(401)
        if self.bucket == FORBIDDEN:
            return self.refuse(403)
        if not self.name:
            return self.list() if self.command == "GET" else self.refuse(400)
        if "uploads" in self.query or "uploadId" in self.query:
            return self.part(body)
        if self.command == "PUT" and "x-goog-copy-source" not in self.headers:
            generation = self.headers.get("x-goog-if-generation-match")
            return self.put(body, self.headers.get("Content-Type"), generation)
        if self.command == "DELETE":
            status, _, _ = emulator("DELETE", f"/storage/v1/b/{quote(self.bucket, '')}/o/{quote(self.name, '')}")
            return self.answer(204) if status in (200, 204) else self.refuse(status)
        if self.command in ("GET", "HEAD"):
            return self.get()
        return self.refuse(400)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any

    def do_CONNECT(self):
        """What follows is TLS, and in it requests like all others."""
        context = self.server.contexts.get(self.path.partition(":")[0])
        if context is None:
            return self.answer(502)
        self.answer(200, b"", {"Content-Length": "0"})
        self.close_connection = True
        type(self)(context.wrap_socket(self.connection, server_side=True), self.client_address, self.server)

    def is_known(self):
        """Whether the bearer is the token, or a claim that the service account has signed itself and that has not expired (RFC 7523)."""
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if bearer == TOKEN or bearer.count(".") != 2:
            return bearer == TOKEN

        def decoded(text):
            return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

        signed, _, signature = bearer.rpartition(".")
        try:
            self.server.key.verify(decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        claim = json.loads(decoded(signed.partition(".")[2]))
        return claim["iss"] == "tests@acme.iam.gserviceaccount.com" and claim["exp"] > time.time()

    def get(self):
        path = f"/download/storage/v1/b/{quote(self.bucket, '')}/o/{quote(self.name, '')}?alt=media"
        if "generation" in self.query:
            path += f"&generation={self.query['generation']}"
        asked = {name: self.headers[name] for name in ("Range",) if name in self.headers}
        status, headers, body = emulator(self.command, path, None, {"Accept-Encoding": "gzip", **asked})
        if status not in (200, 206):
            return self.refuse(status)
        if self.headers.get("If-Match", headers["ETag"]) != headers["ETag"]:
            return self.refuse(412)
        names = ("Content-Type", "Content-Length", "Content-Range", "ETag", "Last-Modified", "x-goog-generation")
        self.answer(status, body, {name: headers[name] for name in names if name in headers})

    def put(self, body, content_type, generation):
        status, made = created(self.bucket, self.name, body, content_type or "application/octet-stream", generation)
        if made is None:
            return self.refuse(status)
        self.answer(200, b"", {"ETag": f'"{made["etag"]}"', "x-goog-generation": made["generation"]})

    def list(self):
        query = {"maxResults": min(int(self.query.get("max-keys", PAGE)), PAGE)}
        for ours, theirs in (("prefix", "prefix"), ("delimiter", "delimiter"), ("continuation-token", "pageToken")):
            if ours in self.query:
                query[theirs] = self.query[ours]
        if "start-after" in self.query:
            # JSON's offset is listed itself, XML's is not.
            query["startOffset"] = self.query["start-after"] + "\0"
        status, _, answer = emulator("GET", f"/storage/v1/b/{quote(self.bucket, '')}/o?{urlencode(query)}")
        if status != 200:
            return self.refuse(status)
        found = json.loads(answer)
        text = "<?xml version='1.0' encoding='UTF-8'?><ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'>"
        text += f"<Name>{escape(self.bucket)}</Name><Prefix>{escape(self.query.get('prefix', ''))}</Prefix>"
        for item in found.get("items", []):
            # Milliseconds, as Google writes them.
            at = re.sub(r"(\.\d{3})\d*|(?<=:\d\d)(?=Z)", lambda found: found.group(1) or ".000", item["updated"])
            text += f"<Contents><Key>{escape(item['name'])}</Key><Generation>{item['generation']}</Generation>"
            text += f"<LastModified>{at}</LastModified><ETag>&quot;{escape(item['etag'])}&quot;</ETag><Size>{item['size']}</Size></Contents>"
        for prefix in found.get("prefixes", []):
            text += f"<CommonPrefixes><Prefix>{escape(prefix)}</Prefix></CommonPrefixes>"
        more = found.get("nextPageToken")
        text += f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>"
        text += f"<NextContinuationToken>{escape(more)}</NextContinuationToken>" if more else ""
        self.answer(200, (text + "</ListBucketResult>").encode())

    def part(self, body):
        """An upload in parts: begun, a part, completed, given up."""
        if self.command == "POST" and "uploads" in self.query:
            status, _, _ = emulator("GET", f"/storage/v1/b/{quote(self.bucket, '')}")
            if status != 200:
                return self.refuse(status)
            with uploads_lock:
                number = f"upload-{next(upload_numbers)}"
                uploads[number] = (self.bucket, self.name, self.headers.get("Content-Type"), {})
            text = f"<InitiateMultipartUploadResult><Bucket>{escape(self.bucket)}</Bucket><Key>{escape(self.name)}</Key>"
            return self.answer(200, f"{text}<UploadId>{number}</UploadId></InitiateMultipartUploadResult>".encode())
        number = self.query["uploadId"]
        bucket, name, content_type, parts = uploads.get(number, (None, None, None, None))
        if (bucket, name) != (self.bucket, self.name):
            return self.refuse(404)
        if self.command == "PUT":
            parts[int(self.query["partNumber"])] = body
            return self.answer(200, b"", {"ETag": f'"part-{self.query["partNumber"]}"'})
        if self.command == "DELETE":
            uploads.pop(number, None)
            return self.answer(204)
        chosen = [int(part) for part in re.findall(rb"<PartNumber>(\d+)</PartNumber>", body)]
        if not chosen or chosen != sorted(parts):
            return self.refuse(400)
        whole = b"".join(parts[part] for part in chosen)
        status, made = created(bucket, name, whole, content_type or "application/octet-stream", None)
        if made is None:
            return self.refuse(status)
        uploads.pop(number, None)
        text = f"<CompleteMultipartUploadResult><Bucket>{escape(bucket)}</Bucket><Key>{escape(name)}</Key>"
        text += f"<ETag>&quot;{escape(made['etag'])}&quot;</ETag></CompleteMultipartUploadResult>"
        self.answer(200, text.encode(), {"x-goog-generation": made["generation"]})


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Who has read enough hangs up."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main(program, folder, buckets):
    global emulator_port
    # The emulator ends with this program, however that ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        emulator_port = free.getsockname()[1]
    options = ["-host", "127.0.0.1", "-port", str(emulator_port), "-scheme", "http", "-backend", "memory", "-log-level", "error"]
    child = subprocess.Popen([program, *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                emulator("GET", "/_internal/healthcheck")
                break
            except OSError:
                if child.poll() is not None:
                    sys.exit(f"{program} has ended with {child.returncode}")
                time.sleep(0.05)
        for bucket in buckets:
            status, _, body = emulator("POST", "/storage/v1/b?project=test", json.dumps({"name": bucket}))
            if status != 200:
                sys.exit(f"no bucket {bucket}: {status} {body}")
        server = Server(("127.0.0.1", 0), Requests)
        server.contexts, key = contexts(folder, HOSTS)
        server.key = key.public_key()
        account(folder, "account", key)
        account(folder, "stranger", rsa.generate_private_key(public_exponent=65537, key_size=2048))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_port, emulator_port, flush=True)
        sys.stdin.read()
    finally:
        child.kill()
        child.wait()


main(sys.argv[1], sys.argv[2], sys.argv[3:])
