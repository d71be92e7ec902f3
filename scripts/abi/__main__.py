"""Writes the ABI for Python, Nim and Swift from include/ringline.h and the Rust source.

    python3 scripts/abi            write what changed (`make abi`)
    python3 scripts/abi --check    only compare, fail when a file is stale
"""

import difflib
import sys

import header
import nim
import python
import swift


def main() -> int:
    abi = header.read()
    files = {
        "bindings/python/src/ringline/_abi.py": python.write(abi),
        "bindings/nim/src/ringline/abi.nim": nim.write(abi),
        "bindings/swift/Sources/Ringline/ABI.swift": swift.constants(abi),
        "bindings/swift/Tests/RinglineTests/ABILayout.swift": swift.layout(abi),
    }
    stale = 0
    for name, text in files.items():
        path = header.ROOT / name
        old = path.read_text() if path.exists() else ""
        if old == text:
            print(f"{name}: as the source says")
        elif "--check" in sys.argv[1:]:
            stale += 1
            lines = difflib.unified_diff(old.splitlines(), text.splitlines(), name, "source")
            print("\n".join(list(lines)[:40]))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"{name}: {text.count(chr(10))} lines")
    if stale:
        print(f"abi: {stale} stale, run 'make abi' and commit them", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
