"""Calls that go out: to public addresses only, to the address that was checked, over TLS, and not for long."""

import socket
import ssl
import subprocess
import threading
import time
from http.server import HTTPServer

import pytest

from crm.core.webhooks import outgoing
from crm.core.webhooks.outgoing import checked_address, is_public, post
from tests.core.conftest import Ear


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "198.18.0.1", "192.0.2.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:a00:1::", "2001:0:53aa:64c::",
        "2001:db8::1",
    ],
)  # fmt: skip
def test_private_addresses(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_public_addresses(address):
    assert is_public(address)


def resolving(monkeypatch, *answers: list[str]) -> list[str]:
    """Names resolve to these addresses, one answer after the other; the names that were asked."""
    asked, left = [], list(answers)

    def getaddrinfo(host, port, *args, **kwargs):
        asked.append(host)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(outgoing.socket, "getaddrinfo", getaddrinfo)
    return asked


def test_one_private_address_among_public_ones_is_one_too_many(monkeypatch):
    resolving(monkeypatch, ["1.1.1.1", "10.0.0.8"])
    assert post("https://erp.example.com/", b"{}", {}) == (None, "private")


def test_the_checked_address_is_the_one_connected_to(monkeypatch):
    """A name that answers with a private address the second time it is asked is not asked a second time."""
    asked, connected = resolving(monkeypatch, ["1.1.1.1"], ["127.0.0.1"]), []

    def create_connection(address, *args, **kwargs):
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(outgoing.socket, "create_connection", create_connection)
    assert post("https://erp.example.com/", b"{}", {}) == (None, "connection")
    assert (asked, connected) == (["erp.example.com"], [("1.1.1.1", 443)])


def test_a_name_that_is_not_found(monkeypatch):
    def getaddrinfo(*args, **kwargs):
        raise socket.gaierror

    monkeypatch.setattr(outgoing.socket, "getaddrinfo", getaddrinfo)
    assert post("https://nowhere.example/", b"{}", {}) == (None, "name")


def test_the_loopback_is_refused_at_the_moment_of_calling(receiver, settings):
    settings.WEBHOOKS_MAY_REACH_PRIVATE_NETWORKS = False
    assert post(receiver.url, b"{}", {}) == (None, "private")
    assert receiver.heard == []


def test_a_redirect_is_an_answer_and_not_followed(receiver):
    receiver.answers, receiver.location = [307], receiver.url
    assert post(receiver.url, b"{}", {}) == (307, "answer")
    assert len(receiver.heard) == 1


def test_path_query_and_host_arrive(receiver):
    assert post(receiver.url, b"{}", {"webhook-id": "msg_1"}).is_success
    headers, _body = receiver.heard[0]
    assert headers["host"] == f"127.0.0.1:{receiver.server_port}" and headers["webhook-id"] == "msg_1"


@pytest.fixture
def mute(settings):
    """A server that takes connections and drips one byte of an answer at a time."""
    settings.WEBHOOKS_MAY_REACH_PRIVATE_NETWORKS = True
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip() -> None:
        line, _address = server.accept()
        with line:
            while not over.wait(0.05):
                try:
                    line.sendall(b"H")
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}/"
    over.set()
    thread.join()
    server.close()


def test_however_slowly_it_answers_it_is_over_in_time(mute, monkeypatch):
    monkeypatch.setattr(outgoing, "ALL_SECONDS", 0.5)
    started = time.monotonic()
    assert post(mute, b"{}", {}) == (None, "time")
    assert time.monotonic() - started < 5


@pytest.fixture
def tls(settings, tmp_path, monkeypatch):
    """An https server whose certificate speaks of erp.test, and a name that leads to it."""
    settings.WEBHOOKS_MAY_REACH_PRIVATE_NETWORKS = True
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    how = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=erp.test"]
    names = ["-addext", "subjectAltName=DNS:erp.test"]
    subprocess.run(
        ["openssl", "req", *how, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True
    )
    server = HTTPServer(("127.0.0.1", 0), Ear)
    server.heard, server.answers, server.location = [], [200], ""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    resolving(monkeypatch, ["127.0.0.1"])
    yield server, certificate
    server.shutdown()
    server.server_close()


def test_the_certificate_speaks_of_the_name_that_was_called(tls, monkeypatch):
    server, certificate = tls
    trusting = ssl.create_default_context(cafile=certificate)
    monkeypatch.setattr(outgoing.ssl, "create_default_context", lambda: trusting)
    assert post(f"https://erp.test:{server.server_port}/", b"{}", {}).is_success
    assert post(f"https://other.test:{server.server_port}/", b"{}", {}) == (None, "tls")
    assert len(server.heard) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(tls):
    server, _certificate = tls
    assert post(f"https://erp.test:{server.server_port}/", b"{}", {}) == (None, "tls")
    assert server.heard == []


def test_private_networks_are_reached_where_the_settings_say_so(settings, monkeypatch):
    resolving(monkeypatch, ["10.0.0.8"])
    settings.WEBHOOKS_MAY_REACH_PRIVATE_NETWORKS = True
    assert checked_address("erp.lan", 443) == "10.0.0.8"
    settings.WEBHOOKS_MAY_REACH_PRIVATE_NETWORKS = False
    with pytest.raises(outgoing.NotPublic):
        checked_address("erp.lan", 443)
