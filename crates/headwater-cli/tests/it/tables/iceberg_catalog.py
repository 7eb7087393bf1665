# A REST catalogue of the tables that PyIceberg's SQL catalogue keeps in this folder: `python iceberg_catalog.py PORT`. How it behaves stands
# in catalog.json, which is read at every request: who is let in, what is said of stores, and what goes wrong. PyIceberg's own client of
# such catalogues has to read the tables through it, so that it speaks the protocol.
import json, os, secrets, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError

lock = threading.Lock()
granted = {}


def settings():
    with open('catalog.json') as file:
        return json.load(file)


def tables():
    return SqlCatalog('c', uri='sqlite:///catalog.db', **settings().get('io', {}))


class Refused(Exception):
    def __init__(self, status, kind, message):
        self.status, self.body = status, {'error': {'message': message, 'type': kind, 'code': status}}


def page(all, query):
    size = min(int(query.get('pageSize', ['100'])[0]), settings().get('page', 100))
    # Who does not ask for pages gets all of it.
    if 'pageToken' not in query:
        return all, None
    if settings().get('same_page'):
        return all[:size], 'again'
    begin = int(query['pageToken'][0] or 0)
    return all[begin:begin + size], str(begin + size) if begin + size < len(all) else None


class Catalog(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def answer(self, status, body):
        text = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header('content-type', 'application/json')
        self.send_header('content-length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass

    def handle_one(self):
        length = int(self.headers.get('content-length') or 0)
        form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
        with lock:
            with open('requests.log', 'a') as log:
                print(self.command, self.path, self.headers.get('x-iceberg-access-delegation'), self.headers.get('x-more'), file=log)
            try:
                self.answer(*self.found(form))
            except Refused as refused:
                self.answer(refused.status, refused.body)
            except NoSuchTableError as error:
                self.answer(404, Refused(404, 'NoSuchTableException', str(error)).body)
            except NoSuchNamespaceError as error:
                self.answer(404, Refused(404, 'NoSuchNamespaceException', str(error)).body)

    do_GET = do_POST = handle_one

    def found(self, form):
        url, now = urlsplit(self.path), settings()
        query = parse_qs(url.query, keep_blank_values=True)
        for fault in now.get('faults', []):
            if fault['at'] in self.path and fault.get('times', 1) > 0:
                fault['times'] = fault.get('times', 1) - 1
                with open('catalog.json', 'w') as file:
                    json.dump(now, file)
                return fault.get('status', 200), fault.get('body', {'error': {'message': 'it is so', 'type': 'Fault', 'code': fault.get('status')}})
        # `1F` stands between levels, and nowhere else.
        parts = [unquote(part) for part in url.path.split('/')][1:]
        if parts[:1] != ['api'] or parts[1:2] != ['v1']:
            raise Refused(404, 'NotFound', 'nothing here')
        parts = parts[2:]
        if parts == ['oauth', 'tokens'] and self.command == 'POST':
            if [form.get(key) for key in ('grant_type', 'client_id', 'client_secret', 'scope')] != ['client_credentials', *now['client']]:
                return 401, {'error': 'invalid_client', 'error_description': 'who is that'}
            token = 'granted-' + secrets.token_hex(8)
            granted[token] = now.get('uses', 1000)
            return 200, {'access_token': token, 'token_type': 'bearer', 'expires_in': now.get('life', 3600)}
        token = (self.headers.get('authorization') or '').removeprefix('Bearer ')
        if 'client' in now:
            if granted.get(token, 0) <= 0:
                raise Refused(now.get('expired', 401), 'NotAuthorizedException', 'the token is none, or is too old')
            granted[token] -= 1
        elif token != now.get('token', ''):
            raise Refused(401, 'NotAuthorizedException', 'not let in')
        if parts == ['config']:
            if query.get('warehouse') != [now.get('warehouse', 'sales')]:
                raise Refused(404, 'NoSuchWarehouseException', 'no such warehouse')
            return 200, {'defaults': now.get('defaults', {}), 'overrides': {'prefix': now['prefix'], **now.get('overrides', {})}}
        prefix = now['prefix'].split('/')
        if parts[:len(prefix)] != prefix or parts[len(prefix)] != 'namespaces':
            raise Refused(404, 'NotFound', 'not of this warehouse')
        return 200, self.below(parts[len(prefix) + 1:], query, now)

    def below(self, parts, query, now):
        catalog = tables()
        if not parts:
            parent = tuple(query['parent'][0].split('\x1f')) if 'parent' in query else ()
            some, token = page(sorted(catalog.list_namespaces(parent)), query)
            return {'namespaces': [list(namespace) for namespace in some], **({'next-page-token': token} if token else {})}
        namespace, rest = tuple(parts[0].split('\x1f')), parts[1:]
        if not catalog.namespace_exists(namespace):
            raise NoSuchNamespaceError('Namespace does not exist: ' + '.'.join(namespace))
        if rest == ['tables']:
            some, token = page(sorted(catalog.list_tables(namespace)), query)
            names = [{'namespace': list(name[:-1]), 'name': name[-1]} for name in some]
            return {'identifiers': names, **({'next-page-token': token} if token else {})}
        if len(rest) != 2 or rest[0] != 'tables':
            raise Refused(404, 'NotFound', 'no such thing')
        if rest[1] in now.get('forbidden', []):
            raise Refused(403, 'ForbiddenException', 'not for you')
        table = catalog.load_table((*namespace, rest[1]))
        metadata = json.loads(table.metadata.model_dump_json(by_alias=True))
        if query.get('snapshots') == ['refs']:
            named = {ref['snapshot-id'] for ref in metadata.get('refs', {}).values()}
            metadata['snapshots'] = [one for one in metadata.get('snapshots', []) if one['snapshot-id'] in named]
        answer = {'metadata-location': table.metadata_location, 'metadata': metadata, 'config': now.get('config', {})}
        answer |= {'storage-credentials': now['credentials']} if 'credentials' in now else {}
        for key, value in now.get('instead', {}).items():
            answer[key] = value
        return answer


ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Catalog).serve_forever()
