"""Counts the features of a vector tile, layer by layer."""
import gzip


def features(body, encoding=None):
    """Features by layer name."""
    counts = {}
    for number, layer in fields(gzip.decompress(body) if encoding == "gzip" else body):
        if number == 3:
            parts = list(fields(layer))
            name = next(bytes(value).decode() for number, value in parts if number == 1)
            counts[name] = sum(number == 2 for number, _ in parts)
    return counts


def fields(data):
    """Numbers and values of a protobuf message's fields; of length-delimited ones the bytes."""
    data, at = memoryview(data), 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            value = varint()
        elif kind == 2:
            length = varint()
            value = data[at:at + length]
            at += length
        else:
            length = 8 if kind == 1 else 4
            value = data[at:at + length]
            at += length
        yield key >> 3, value
