"""A proxy before a server of objects: counts what is fetched, and misbehaves as it is told to."""

import http.client
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Count:
    """Requests that were answered, attempts at each, and how many there were at a time."""

    def __init__(self):
        self.requests, self.attempts, self.in_flight, self.most_in_flight = [], {}, 0, 0


class Proxy:
    """Forwards to `upstream`, a (host, port). `trouble(request, nth)` says what goes wrong with the nth attempt of a request."""

    def __init__(self, upstream):
        self.upstream, self.lock = upstream, threading.Lock()
        self.trouble = lambda request, nth: None
        self.reset()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def forward(self):
                try:
                    proxy.handle(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            do_GET = do_HEAD = do_PROPFIND = forward

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                """Whoever asked has gone, as those do who wait no longer."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reset(self):
        """Forgets what was counted."""
        # What is still on its way counts no more.
        self.count = Count()

    def handle(self, handler):
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length) if length else None
        name, asked = handler.path, handler.headers.get("Range")
        with self.lock:
            key, count = (handler.command, name, asked), self.count
            nth = count.attempts[key] = count.attempts.get(key, 0) + 1
            count.in_flight += 1
            count.most_in_flight = max(count.most_in_flight, count.in_flight)
        try:
            self.answer(handler, body, key, count, self.trouble(key, nth))
        finally:
            with self.lock:
                count.in_flight -= 1

    def answer(self, handler, body, key, count, trouble):
        kind, *how = trouble or ("",)
        if kind == "slow":
            time.sleep(how[0])
        if kind == "status":
            # What a credential could be in: an answer tells who signed.
            text = b"<Error><Code>SlowDown</Code><AWSAccessKeyId>AKIATOLDBYSERVER</AWSAccessKeyId></Error>"
            handler.send_response(how[0])
            handler.send_header("Content-Length", str(len(text)))
            handler.end_headers()
            handler.wfile.write(text if handler.command != "HEAD" else b"")
            self.note(count, key, how[0], 0)
            return
        connection = http.client.HTTPConnection(*self.upstream, timeout=60)
        connection.request(handler.command, handler.path, body, dict(handler.headers))
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        if kind == "wait":
            time.sleep(how[0])
        handler.send_response(answer.status)
        for header, value in answer.getheaders():
            if header.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                handler.send_header(header, value)
        full = len(data)
        if handler.command == "HEAD":
            full = answer.getheader("Content-Length") or 0
        handler.send_header("Content-Length", str(full))
        handler.end_headers()
        if kind == "cut":
            data = data[: len(data) // 2]
            handler.close_connection = True
        # Before the last byte: who has read all of it may ask at once what was counted.
        self.note(count, key, answer.status, len(data))
        handler.wfile.write(data)

    def note(self, count, key, status, length):
        with self.lock:
            count.requests.append((*key, status, length))

    def objects(self):
        """(path, range, bytes) of each object, or range of one, that was fetched."""
        found = [one for one in self.count.requests if one[0] == "GET" and "list-type" not in one[1] and one[3] in (200, 206)]
        return [(path, asked, count) for _, path, asked, _, count in found]

    def fetched(self):
        """Bytes of objects."""
        return sum(count for *_, count in self.objects())
