"""Kept-alive connections that measure: HTTP/1.1 on asyncio, with as little of our own work as possible."""

import asyncio
import collections
import ssl
import time

# A server may close a connection that was idle for as long; earlier it hung up on a request.
IDLE_SECONDS = 1


class Broken(Exception):
    """A request that got no whole answer; its kind is what the report counts."""

    def __init__(self, kind, stale=False):
        super().__init__(kind)
        self.kind = kind
        # Nothing was heard at all on a connection that had been idle.
        self.stale = stale


class Target:
    """The bytes of requests to a server."""

    def __init__(self, server):
        self.host, self.port, self.tls, self.prefix, self.url = server.host, server.port, server.tls, server.prefix, server.url
        name, value = server.auth.header
        self.head = (f" HTTP/1.1\r\nHost: {server.netloc}\r\nUser-Agent: qr-observatory-load-test\r\nAccept: */*\r\n"
                     f"{name}: {value}\r\n\r\n")

    def get(self, path):
        return f"GET {self.prefix}{path}{self.head}".encode()


Answer = collections.namedtuple("Answer", "status headers body")


class Connection:
    """One kept-alive connection, opened when needed. `Clock` ends what takes longer than the limit."""

    def __init__(self, target, limit):
        self.target = target
        self.limit = limit
        self.reader = self.writer = None
        # When the last answer came; None on a new connection.
        self.answered = None
        self.deadline = None
        self.reopened = 0

    async def ask(self, request):
        """Sends a request; asks once more where the server had closed the idle connection. Raises Broken."""
        self.deadline = time.monotonic() + self.limit
        try:
            try:
                return await self.exchange(request)
            except Broken as broken:
                if not broken.stale:
                    raise
                self.reopened += 1
                return await self.exchange(request)
        finally:
            self.deadline = None

    async def exchange(self, request):
        if self.writer is not None and self.reader.at_eof():
            self.reopened += 1
            self.close()
        if self.writer is None:
            await self.open()
        idle = self.answered is not None and time.monotonic() - self.answered > IDLE_SECONDS
        began = False
        try:
            self.writer.write(request)
            head = await self.reader.readuntil(b"\r\n\r\n")
            began = True
            status, headers = parse(head)
            body = await self.body(status, headers)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            silent = not began and not getattr(error, "partial", b"")
            stale, late = idle and silent, self.late()
            self.close()
            kind = "timeout" if late else "malformed" if isinstance(error, ValueError) else "broken"
            raise Broken(kind, stale and not late and kind == "broken") from None
        except BaseException:
            self.close()
            raise
        self.answered = time.monotonic()
        if headers.get(b"connection", b"").lower() == b"close":
            self.close()
        return Answer(status, headers, body)

    async def open(self):
        target = self.target
        opening = asyncio.open_connection(target.host, target.port, ssl=target.tls)
        try:
            self.reader, self.writer = await asyncio.wait_for(opening, self.limit)
        except asyncio.TimeoutError:
            raise Broken("timeout") from None
        except (OSError, ssl.SSLError):
            raise Broken("refused") from None
        self.answered = None

    async def body(self, status, headers):
        if status in (204, 304):
            return b""
        if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
            return await self.chunks()
        length = int(headers[b"content-length"]) if b"content-length" in headers else 0
        return await self.reader.readexactly(length) if length else b""

    async def chunks(self):
        parts = []
        while True:
            size = int((await self.reader.readline()).split(b";")[0], 16)
            if size == 0:
                while (await self.reader.readline()).strip():
                    pass
                return b"".join(parts)
            parts.append(await self.reader.readexactly(size))
            await self.reader.readexactly(2)

    def late(self):
        return self.deadline is not None and time.monotonic() >= self.deadline

    def close(self):
        if self.writer is not None:
            # At once: a polite end would wait for the other side.
            self.writer.transport.abort()
        self.reader = self.writer = None


def parse(head):
    lines = head.split(b"\r\n")
    version, status = lines[0].split(b" ", 2)[:2]
    if not version.startswith(b"HTTP/1."):
        raise ValueError("no HTTP/1 answer")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip()
    return int(status), headers


async def clock(connections):
    """Ends overdue requests; one task for all connections costs less than a timer for each request."""
    while True:
        await asyncio.sleep(0.1)
        for connection in connections:
            if connection.late() and connection.writer is not None:
                connection.writer.transport.abort()
