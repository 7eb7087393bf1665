"""Google's addresses of BigQuery on this machine: a proxy whose clients reach an emulator (emulator.py) where they mean Google.

The driver has no option for another address. It heeds `HTTPS_PROXY`, `SSL_CERT_FILE` and the `token_uri` of a service account, as Go's
libraries do, so that it logs in and speaks TLS here as it does there. Bytes are passed on as they are; what answers is the emulator.

  service.py <folder>     puts ca.pem, account.json and refused.json into the folder, prints its port and that of the emulator's REST;
                          ends when standard input does
"""

import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "google"))
from authority import account, contexts

HOSTS = {"bigquery.googleapis.com": "http/1.1", "bigquerystorage.googleapis.com": "h2"}


def copy(source, target):
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Proxy(socketserver.StreamRequestHandler):
    rbufsize = 0

    def handle(self):
        method, target, _ = self.rfile.readline().decode().split(" ", 2)
        length = 0
        while (line := self.rfile.readline()).strip():
            name, _, value = line.decode().partition(":")
            length = int(value) if name.lower() == "content-length" else length
        if method == "POST":
            while length:
                length -= len(self.rfile.read(length))
            answer = {"access_token": "a-token-for-tests", "token_type": "Bearer", "expires_in": 3600}
            status = "200 OK" if target.endswith("/token") else "400 Bad Request"
            body = json.dumps(answer if target.endswith("/token") else {"error": "invalid_grant"}).encode()
            head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            return self.wfile.write(head.encode() + body)
        host = target.partition(":")[0]
        if method != "CONNECT" or host not in HOSTS:
            return self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            client = self.server.contexts[host].wrap_socket(self.request, server_side=True)
            emulator = socket.create_connection(("127.0.0.1", self.server.ports[host]))
        except OSError:
            return None
        back = threading.Thread(target=copy, args=(emulator, client), daemon=True)
        back.start()
        copy(client, emulator)
        back.join()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def main(folder):
    # The emulator ends with this program, however that ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    rest, rpc = free_port(), free_port()
    options = ["start", "--rest-port", str(rest), "--grpc-port", str(rpc), "--ephemeral", "--project", "acme", "--log-level", "error"]
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "emulator.py")
    log = open(os.path.join(folder, "bqemulator.log"), "wb")
    child = subprocess.Popen([sys.executable, program, *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        server = Server(("127.0.0.1", 0), Proxy)
        server.contexts, key = contexts(folder, HOSTS)
        server.ports = dict(zip(HOSTS, (rest, rpc)))
        for name, path in (("account", "token"), ("refused", "no-token")):
            account(folder, name, key, token_uri=f"http://127.0.0.1:{server.server_address[1]}/{path}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{rest}/bigquery/v2/projects/acme/datasets").read()
                break
            except OSError:
                if child.poll() is not None:
                    sys.exit(f"the emulator has ended with {child.returncode}")
                time.sleep(0.1)
        print(server.server_address[1], rest, flush=True)
        sys.stdin.read()
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()


main(sys.argv[1])
