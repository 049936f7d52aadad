"""A server that is no trackd, or a broken one."""
import http.server
import threading


class Foreign(http.server.ThreadingHTTPServer):
    """Answers every request in the same wrong way."""

    def __init__(self, status, body, kind='application/json'):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def answer(self):
                self.rfile.read(int(self.headers.get('Content-Length', 0)))
                self.send_response(status)
                self.send_header('Content-Type', kind)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

            do_GET = do_PUT = do_POST = do_PATCH = answer

        super().__init__(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.server_address[1]}'
        threading.Thread(target=self.serve_forever, daemon=True).start()
