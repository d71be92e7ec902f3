"""A certificate for localhost, made by openssl when tests first need one."""

import ssl
import subprocess
from pathlib import Path
from typing import Tuple


def make(folder: Path) -> Tuple[Path, Path]:
    """The paths of a certificate and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return certificate, key


def contexts(paths: Tuple[Path, Path]) -> Tuple[ssl.SSLContext, ssl.SSLContext]:
    """For a server and for a client that trusts it."""
    certificate, key = paths
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    client = ssl.create_default_context(cafile=str(certificate))
    return server, client
