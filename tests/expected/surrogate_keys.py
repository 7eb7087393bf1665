"""Surrogate keys, worked out from their description (crates/headwater-engine/src/session/star/encoding.rs) with a BLAKE3
written from its specification, for inputs of at most 1024 bytes. Prints `golden.in` of the tests there.

    python3 tests/expected/surrogate_keys.py > crates/headwater-engine/src/session/star/golden.in
"""
import struct

IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
CHUNK_START, CHUNK_END, ROOT = 1, 2, 8
MASK = 0xFFFFFFFF


def rotate(x, n):
    return ((x >> n) | (x << (32 - n))) & MASK


def mix(s, a, b, c, d, x, y):
    s[a] = (s[a] + s[b] + x) & MASK
    s[d] = rotate(s[d] ^ s[a], 16)
    s[c] = (s[c] + s[d]) & MASK
    s[b] = rotate(s[b] ^ s[c], 12)
    s[a] = (s[a] + s[b] + y) & MASK
    s[d] = rotate(s[d] ^ s[a], 8)
    s[c] = (s[c] + s[d]) & MASK
    s[b] = rotate(s[b] ^ s[c], 7)


def compress(chaining, block, length, flags):
    m = list(struct.unpack("<16I", block))
    s = list(chaining) + list(IV[:4]) + [0, 0, length, flags]
    for turn in range(7):
        for i, (a, b, c, d) in enumerate(
            [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
             (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
        ):
            mix(s, a, b, c, d, m[2 * i], m[2 * i + 1])
        if turn < 6:
            m = [m[p] for p in PERMUTATION]
    return [s[i] ^ s[i + 8] for i in range(8)]


def blake3(data):
    assert len(data) <= 1024
    blocks = [data[i:i + 64] for i in range(0, len(data), 64)] or [b""]
    chaining = IV
    for i, block in enumerate(blocks):
        flags = (CHUNK_START if i == 0 else 0) | (CHUNK_END | ROOT if i == len(blocks) - 1 else 0)
        chaining = compress(chaining, block.ljust(64, b"\0"), len(block), flags)
    return struct.pack("<8I", *chaining)


# The hash of nothing, from the test vectors of the specification.
assert blake3(b"").hex().startswith("af1349b9f5f9a1a6a0404dea36dcc949")


def framed(letter, content):
    return letter + struct.pack("<Q", len(content)) + content


def key(*values):
    number = struct.unpack("<Q", blake3(b"".join(values))[:8])[0]
    return number & 0x7FFFFFFFFFFFFFFF


NULL = b"\0"
text = lambda value: framed(b"s", value.encode())
number = lambda digits: framed(b"n", digits.encode())

CASES = [
    ('vec![text("EWR")]', [text("EWR")]),
    ('vec![text("")]', [text("")]),
    ('vec![text("größe 日本")]', [text("größe 日本")]),
    ('vec![text("a"), text("bc")]', [text("a"), text("bc")]),
    ('vec![text("ab"), text("c")]', [text("ab"), text("c")]),
    ('vec![text("a"), null.clone(), int(7)]', [text("a"), NULL, number("7")]),
    ('vec![int(-2147483648)]', [number("-2147483648")]),
    ('vec![decimal(-1250, 2)]', [number("-12.5")]),
    ('vec![decimal(5, 3)]', [number("0.005")]),
    ('vec![Arc::new(Float64Array::from(vec![1.5]))]', [framed(b"f", struct.pack("<d", 1.5))]),
    ('vec![Arc::new(Date32Array::from(vec![15706])), Arc::new(BooleanArray::from(vec![true]))]',
     [framed(b"d", b"15706"), framed(b"b", b"\1")]),
    ('vec![text(&"x".repeat(200)), Arc::new(TimestampMicrosecondArray::from(vec![-1]).with_timezone("UTC"))]',
     [text("x" * 200), framed(b"t", b"-1")]),
]

print("[")
for source, values in CASES:
    print(f"    ({source}, {key(*values)}),")
print("]")
