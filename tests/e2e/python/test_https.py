"""A server behind TLS: which certificates are trusted."""
import http.server
import os
import shutil
import ssl
import subprocess
import sys
import threading

import pytest
import track

pytestmark = pytest.mark.skipif(not shutil.which('openssl'), reason='makes a certificate: openssl')

ASK = ('import sys, track\n'
       "print(track.Client(sys.argv[1], timeout=5).request('GET', '/api/v1/projects')[1])")


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', '2')
        self.end_headers()
        self.wfile.write(b'{}')

    def log_message(self, *args):
        pass


@pytest.fixture
def secure(tmp_path):
    """(address, certificate) of a server with a certificate that nobody knows."""
    cert, key = tmp_path / 'cert.pem', tmp_path / 'key.pem'
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
                    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost',
                    '-keyout', key, '-out', cert], check=True, capture_output=True)
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'https://localhost:{server.server_port}', cert
    server.shutdown()
    server.server_close()


def test_a_certificate_that_nobody_knows_is_refused(here, secure, monkeypatch):
    monkeypatch.delenv('SSL_CERT_FILE', raising=False)
    with pytest.raises(track.UnreachableError, match='(?i)certificate|SSL'):
        track.Client(secure[0], timeout=5).request('GET', '/api/v1/projects')


def test_the_certificates_of_ssl_cert_file_are_trusted(here, secure, monkeypatch):
    monkeypatch.setenv('SSL_CERT_FILE', str(secure[1]))
    assert track.Client(secure[0], timeout=5).request('GET', '/api/v1/projects')[1] == b'{}'
    monkeypatch.setenv('SSL_CERT_FILE', '/none')
    with pytest.raises(track.UnreachableError):
        track.Client(secure[0], timeout=5).request('GET', '/api/v1/projects')


@pytest.mark.skipif(os.geteuid() != 0, reason='puts a folder over /etc: root')
def test_they_are_found_where_other_systems_have_them(secure, tmp_path):
    """As on Fedora: what libcurl was built to read is not there."""
    shutil.copy('/etc/hosts', tmp_path)
    script = (f'mount -t tmpfs none /etc && mkdir -p /etc/pki/tls/certs && cp {tmp_path}/hosts /etc '
              f'&& {{ test -z "$1" || cp "$1" /etc/pki/tls/certs/ca-bundle.crt; }} && exec '
              f'{sys.executable} -c "$2" {secure[0]}')
    env = {k: v for k, v in os.environ.items() if not k.startswith('SSL_CERT')}
    env['HOME'] = str(tmp_path)
    words = ['unshare', '-m', 'sh', '-ec', script, 'sh']
    if subprocess.run(['unshare', '-m', 'true'], capture_output=True).returncode != 0:
        pytest.skip('no name spaces here')
    without = subprocess.run([*words, '', ASK], capture_output=True, text=True, env=env)
    assert without.returncode == 1 and 'UnreachableError' in without.stderr, without
    found = subprocess.run([*words, secure[1], ASK], capture_output=True, text=True, env=env)
    assert found.stdout.strip() == "b'{}'", found
