"""Google's addresses of BigQuery on this machine: a proxy whose clients reach an emulator (emulator.py) where they mean Google.

The driver has no option for another address. It heeds `HTTPS_PROXY`, `SSL_CERT_FILE` and the `token_uri` of a service account, as Go's
libraries do, so that it logs in and speaks TLS here as it does there. Bytes are passed on as they are; what answers is the emulator.

  service.py <folder>     puts ca.pem, account.json and refused.json into the folder, prints its port and that of the emulator's REST;
                          ends when standard input does
"""

import datetime
import json
import os
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

HOSTS = {"bigquery.googleapis.com": "http/1.1", "bigquerystorage.googleapis.com": "h2"}


def pem(key):
    private = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())


def certificate(name, key, signer=None, signing_key=None):
    """A certificate of a name that is valid today; one that signs others when nobody signs it."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(signer.subject if signer else subject)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=2))
    builder = builder.add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
    if signer:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(signing_key or key, hashes.SHA256())


def contexts(folder):
    """What a TLS server for each host needs; the authority that signed it all lies in the folder."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    authority = certificate("tests of Headwater", key)
    with open(os.path.join(folder, "ca.pem"), "wb") as file:
        file.write(authority.public_bytes(serialization.Encoding.PEM))
    found = {}
    for host, protocol in HOSTS.items():
        path = os.path.join(folder, f"{host}.pem")
        with open(path, "wb") as file:
            file.write(pem(key) + certificate(host, key, authority, key).public_bytes(serialization.Encoding.PEM))
        found[host] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        found[host].load_cert_chain(path)
        found[host].set_alpn_protocols([protocol])
    return found, key


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
        server.contexts, key = contexts(folder)
        server.ports = dict(zip(HOSTS, (rest, rpc)))
        account = {
            "type": "service_account",
            "project_id": "acme",
            "private_key_id": "1",
            "private_key": pem(key).decode(),
            "client_email": "tests@acme.iam.gserviceaccount.com",
            "client_id": "1",
        }
        for name, path in (("account", "token"), ("refused", "no-token")):
            with open(os.path.join(folder, f"{name}.json"), "w") as file:
                json.dump({**account, "token_uri": f"http://127.0.0.1:{server.server_address[1]}/{path}"}, file)
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
