"""Fetches the head of a page over TLS: tls_client.py HOST PORT [CERTIFICATE to trust]."""

import asyncio
import ssl
import sys

import ringline


async def main(host: str, port: int, trusted: "str | None") -> None:
    context = ssl.create_default_context(cafile=trusted)
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    writer.write(f"HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    while line := (await reader.readline()).strip():
        print(line.decode())
    session = writer.get_extra_info("ssl_object")
    print(f"{session.version()}, {session.cipher()[0]}", file=sys.stderr)
    writer.close()


if __name__ == "__main__":
    arguments = sys.argv[1:]
    ringline.run(main(arguments[0], int(arguments[1]), arguments[2] if arguments[2:] else None))
