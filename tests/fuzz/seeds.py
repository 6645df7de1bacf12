#!/usr/bin/env python3
"""Writes the inputs that fuzzing starts from.

    seeds.py TARGET FOLDER        corpus/TARGET.hex (an input per line), for the message and frame
                                  targets also every message in tests/golden, into FOLDER
    seeds.py --pack TARGET FOLDER the inputs in FOLDER, those of tests/golden left out, back into
                                  corpus/TARGET.hex
"""

import hashlib
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE.parent / 'golden'
REQUEST, RESPONSE = 0, 1


def golden_frames():
    """(kind, API key, version, frame) of everything in tests/golden."""
    keys = {}
    for path in (HERE.parents[1] / 'protocol' / 'schema').glob('*.msg'):
        for line in path.read_text().splitlines():
            if line.startswith('api '):
                _, name, key, *_ = line.split()
                keys[name] = int(key)
    for path in sorted(GOLDEN.glob('*.golden')):
        lines = [line for line in path.read_text().splitlines() if not line.startswith('#')]
        for head, frame in zip(lines[0::3], lines[1::3]):
            name, version = head.split()
            kind = REQUEST if name.endswith('Request') else RESPONSE
            api = name.removesuffix('Request').removesuffix('Response')
            yield kind, keys[api], int(version), bytes.fromhex(frame)


def from_golden(target):
    for kind, key, version, frame in golden_frames():
        if target == 'frame_fuzz':
            yield bytes([kind]) + (frame if kind == REQUEST else bytes([key, version]) + frame)
        elif target == 'message_fuzz':
            # Where the body begins is not known here: both guesses are inputs.
            fixed = 10 + max(struct.unpack_from('>h', frame, 8)[0], 0) if kind == REQUEST else 4
            for header in (fixed, fixed + 1):
                yield bytes([kind, key, version]) + frame[header:]


def main():
    pack = sys.argv[1:2] == ['--pack']
    if len(sys.argv) != (4 if pack else 3):
        sys.exit(__doc__)
    target, folder = sys.argv[-2], pathlib.Path(sys.argv[-1])
    packed = HERE / 'corpus' / f'{target}.hex'
    golden = set(from_golden(target))
    if pack:
        inputs = {path.read_bytes() for path in folder.iterdir()} - golden
        packed.write_text(''.join(data.hex() + '\n' for data in sorted(inputs)))
        return
    folder.mkdir(parents=True, exist_ok=True)
    if packed.exists():
        golden |= {bytes.fromhex(line) for line in packed.read_text().split()}
    for data in golden:
        (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


main()
