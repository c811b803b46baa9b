"""Makes a picture of the window small: 8-bit RGB PNG to 256 colours, with the standard library alone.

Usage: fewer_colours.py PICTURE.png (rewritten in place)
"""
import collections
import struct
import sys
import zlib


COMMON = 64   # colours of the palette that are there for being common


def read(path):
    data = open(path, "rb").read()
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", data[at + 8:at + 18])
            assert (depth, colour) == (8, 2), "not an 8-bit RGB picture"
        elif kind == b"IDAT":
            packed += data[at + 8:at + 8 + length]
        at += 12 + length
    return width, height, zlib.decompress(packed)


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def rows(width, height, raw):
    stride, above = width * 3, bytes(width * 3)
    for y in range(height):
        kind = raw[y * (stride + 1)]
        row = bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride if kind else 0):
            left = row[i - 3] if i >= 3 else 0
            corner = above[i - 3] if i >= 3 else 0
            predicted = (0, left, above[i], (left + above[i]) // 2,
                         paeth(left, above[i], corner) if kind == 4 else 0)[kind]
            row[i] = (row[i] + predicted) & 255
        above = bytes(row)
        yield above


def distance(a, b):
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2


def choose(counts):
    """The commonest colours, then those that none of them is like: a small mark keeps its colour."""
    palette = [colour for colour, _ in counts.most_common(COMMON)]
    best = {c: min((distance(c, p), i) for i, p in enumerate(palette)) for c in counts}
    while len(palette) < 256:
        colour = max(best, key=lambda c: best[c][0] * counts[c] ** 0.5)
        if best[colour][0] == 0:
            break
        palette.append(colour)
        for c in best:
            best[c] = min(best[c], (distance(c, colour), len(palette) - 1))
    return palette, {c: i for c, (_, i) in best.items()}


def main(path):
    width, height, raw = read(path)
    lines = [[row[i:i + 3] for i in range(0, width * 3, 3)] for row in rows(width, height, raw)]
    counts = collections.Counter(pixel for line in lines for pixel in line)
    palette, index = choose(counts)
    packed = zlib.compress(b"".join(b"\0" + bytes(index[p] for p in line) for line in lines), 9)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    with open(path, "wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n" +
                  chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)) +
                  chunk(b"PLTE", b"".join(palette)) + chunk(b"IDAT", packed) + chunk(b"IEND", b""))


main(sys.argv[1])
