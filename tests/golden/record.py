#!/usr/bin/env python3
"""Records what a real client and a real Kafka say to each other, as golden bytes.

    record.py OUT.golden --client "kcat 1.7.1, librdkafka 2.0.2" -- COMMAND...

A TCP proxy stands between the two. In COMMAND, {bootstrap} is its address; it stays between because
the broker's address is replaced in what the client gets to see (the recorded bytes are those of the
broker). Of every API, version and direction at most two messages are kept: the first and the
largest. Several runs into one file add up.

Needs KAFKA_LIBS (the folder of Kafka's jars), java and javac: next to the bytes stands their
meaning as JSON, written by Kafka's own converters.

File: blocks of three lines, "Name version", the frame without its length prefix in hex, the body as
JSON. Lines beginning with # say where it came from.
"""

import argparse
import asyncio
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'protocol'))
sys.dont_write_bytecode = True

from generator.notation import read_schema  # noqa: E402

MAX_BYTES = 4000  # of a message that is kept


class Recorder:
    def __init__(self, broker_host, broker_port):
        self.apis = {api.key: api for api in read_schema(ROOT / 'protocol' / 'schema').apis}
        self.broker = (broker_host, broker_port)
        self.kept = {}  # (message name, version) -> frames
        self.port = 0

    def keep(self, name, version, frame):
        if len(frame) > MAX_BYTES:
            return
        frames = self.kept.setdefault((name, version), [])
        if len(frames) < 2:
            if frame not in frames:
                frames.append(frame)
        elif len(frame) > len(frames[1]):
            frames[1] = frame

    async def run(self, command):
        server = await asyncio.start_server(self.connection, '127.0.0.1', 0)
        self.port = server.sockets[0].getsockname()[1]
        bootstrap = f'127.0.0.1:{self.port}'
        process = await asyncio.create_subprocess_exec(
            *[word.replace('{bootstrap}', bootstrap) for word in command])
        code = await process.wait()
        server.close()
        return code

    async def connection(self, reader, writer):
        up_reader, up_writer = await asyncio.open_connection(*self.broker)
        waiting = {}  # correlation id -> (api, version)
        await asyncio.gather(self.pump(reader, up_writer, self.request, waiting),
                             self.pump(up_reader, writer, self.response, waiting),
                             return_exceptions=True)

    async def pump(self, reader, writer, handle, waiting):
        try:
            while True:
                prefix = await reader.readexactly(4)
                frame = await reader.readexactly(struct.unpack('>i', prefix)[0])
                writer.write(prefix + handle(frame, waiting))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def request(self, frame, waiting):
        key, version, correlation = struct.unpack_from('>hhi', frame)
        api = self.apis[key]
        waiting[correlation] = (api, version)
        if version in api.request.versions:
            self.keep(api.request.name, version, frame)
        return frame

    def response(self, frame, waiting):
        api, version = waiting.pop(struct.unpack_from('>i', frame)[0])
        if version in api.response.versions:
            self.keep(api.response.name, version, frame)
        host, port = self.broker
        return frame.replace(host.encode() + struct.pack('>i', port),
                             host.encode() + struct.pack('>i', self.port))


def header_size(frame, api, kind, version):
    """Bytes in front of the body. (No client sends tagged fields in a header.)"""
    flexible = version in api.flexible
    if kind == 'request':
        length = struct.unpack_from('>h', frame, 8)[0]
        return 10 + max(length, 0) + (1 if flexible else 0)
    return 4 + (1 if flexible and not api.response_header_v0 else 0)


def to_json(messages):
    """JSON of (name, version, body) by Kafka's converters."""
    libs = os.environ['KAFKA_LIBS']
    with tempfile.TemporaryDirectory() as classes:
        source = ROOT / 'tests' / 'conformance' / 'wire' / 'WireOracle.java'
        subprocess.run(['javac', '-cp', f'{libs}/*', '-d', classes, source], check=True)
        lines = '\n'.join(f'{name} {version} {body.hex()}' for name, version, body in messages)
        done = subprocess.run(['java', '-cp', f'{classes}:{libs}/*', 'WireOracle', 'json'],
                              input=lines, capture_output=True, check=True, text=True)
    return done.stdout.splitlines()


def read_golden(path):
    comments, frames = [], []
    if path.exists():
        lines = path.read_text().splitlines()
        comments = [line for line in lines if line.startswith('#')]
        blocks = [line for line in lines if not line.startswith('#')]
        for name_version, frame in zip(blocks[0::3], blocks[1::3]):
            name, version = name_version.split()
            frames.append((name, int(version), bytes.fromhex(frame)))
    return comments, frames


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('out', type=pathlib.Path)
    parser.add_argument('--client', required=True, help='name and version, with its library')
    parser.add_argument('--kafka', default='127.0.0.1:9092', help='the real broker')
    parser.add_argument('command', nargs='+')
    arguments = parser.parse_args()
    host, port = arguments.kafka.rsplit(':', 1)
    recorder = Recorder(host, int(port))
    comments, frames = read_golden(arguments.out)
    for name, version, frame in frames:
        recorder.keep(name, version, frame)
    code = asyncio.run(recorder.run(arguments.command))
    by_name = {m.name: (api, m) for api in recorder.apis.values()
               for m in (api.request, api.response)}
    messages = []
    for (name, version), kept in sorted(recorder.kept.items(),
                                        key=lambda item: (by_name[item[0][0]][0].key, item[0])):
        api, message = by_name[name]
        for frame in kept:
            messages.append((name, version, frame,
                             frame[header_size(frame, api, message.kind, version):]))
    texts = to_json([(name, version, body) for name, version, _, body in messages])
    assert len(texts) == len(messages)
    head = f'# {arguments.client}, with Apache Kafka 4.2.0; by tests/golden/record.py'
    with arguments.out.open('w') as out:
        print(head if head not in comments else comments[0], file=out)
        for (name, version, frame, _), text in zip(messages, texts):
            print(f'{name} {version}\n{frame.hex()}\n{text}', file=out)
    print(f'{arguments.out}: {len(messages)} messages; the command ended with {code}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
