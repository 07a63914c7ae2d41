"""Files made by hand, and what this repository's own files say."""

import re
import struct
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def png(width, height, depth, colour_type, rows=b""):
    """The bytes of a PNG file: rows are a filter byte and the values, most significant byte first."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def pins(name):
    lines = [
        line
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
        if line and not line.startswith(("#", "-r"))
    ]
    return dict(re.sub(r"\[\w+\]", "", line).split("==") for line in lines)
