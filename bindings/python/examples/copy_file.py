"""Copy a file on a ring: `python copy_file.py SOURCE TARGET`.

Sixteen blocks are under way at a time, each in its own part of a registered region: a part is read,
written, and read again as soon as its write is complete.
"""

import os
import sys

import ringline

BLOCK = 128 * 1024
PARTS = 16


class Copy:
    def __init__(self, ring: ringline.Ring, source: int, target: int) -> None:
        self.ring, self.source, self.target = ring, source, target
        self.region = ring.region(BLOCK * PARTS)
        self.size = os.fstat(source).st_size
        self.next = 0
        self.busy = 0

    def run(self) -> int:
        """Copy everything; how many bytes."""
        for part in range(PARTS):
            self.read(part)
        while self.busy:
            for completion in self.ring.turn(wait=1):
                self.busy -= 1
                completion.user_data(completion.check())
        return self.size

    def read(self, part: int) -> None:
        """Start on the next block, if there is one."""
        if self.next < self.size:
            offset, self.next = self.next, self.next + BLOCK
            self.read_rest(part, offset, 0, min(BLOCK, self.size - offset))

    def read_rest(self, part: int, offset: int, done: int, size: int) -> None:
        def was_read(count: int) -> None:
            if count == 0:
                raise EOFError("the source became shorter")
            more = done + count
            following = self.read_rest if more < size else self.write_rest
            following(part, offset, more if more < size else 0, size)

        start = part * BLOCK + done
        self.busy += 1
        self.ring.batch.read_fixed(
            self.source,
            self.region,
            offset + done,
            start=start,
            size=size - done,
            user_data=was_read,
        )

    def write_rest(self, part: int, offset: int, done: int, size: int) -> None:
        def was_written(count: int) -> None:
            if done + count < size:
                self.write_rest(part, offset, done + count, size)
            else:
                self.read(part)

        start = part * BLOCK + done
        self.busy += 1
        self.ring.batch.write_fixed(
            self.target,
            self.region,
            offset + done,
            start=start,
            size=size - done,
            user_data=was_written,
        )


def main() -> None:
    with ringline.Ring() as ring:
        with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as target:
            count = Copy(ring, source.fileno(), target.fileno()).run()
    print(f"{count} bytes")


if __name__ == "__main__":
    main()
