"""Brokers to measure, as processes: a real Kafka and Milena. Each has a folder of its own and a
port that the kernel chose, and is ended by its process id."""

import os
import pathlib
import signal
import socket
import struct
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TICKS = os.sysconf('SC_CLK_TCK')
PAGE = os.sysconf('SC_PAGESIZE')
# Heap and collector are those of Kafka's own start script.
JVM = ['-Xmx1G', '-Xms1G', '-server', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20',
       '-XX:InitiatingHeapOccupancyPercent=35', '-XX:+ExplicitGCInvokesConcurrent',
       '-Djava.awt.headless=true', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn']
KAFKA_CONFIG = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
"""
# Metadata version 1, correlation id 7, client "cmp", no topics.
METADATA = struct.pack('>hhih3si', 3, 1, 7, 3, b'cmp', 0)


def free_ports(count):
    """Ports that nobody uses now."""
    held = [socket.socket() for _ in range(count)]
    try:
        for s in held:
            s.bind(('127.0.0.1', 0))
        return [s.getsockname()[1] for s in held]
    finally:
        for s in held:
            s.close()


def free_port_range(count):
    """The first of `count` ports in a row that nobody uses now."""
    while True:
        first, = free_ports(1)
        held = []
        try:
            for port in range(first, first + count):
                held.append(socket.socket())
                held[-1].bind(('127.0.0.1', port))
            return first
        except (OSError, OverflowError):
            pass
        finally:
            for s in held:
                s.close()


def answers(port):
    """Does a broker at this port answer a Metadata request, naming itself?"""
    try:
        with socket.create_connection(('127.0.0.1', port), timeout=5) as s:
            s.sendall(struct.pack('>i', len(METADATA)) + METADATA)
            with s.makefile('rb') as stream:
                size, = struct.unpack('>i', stream.read(4))
                body = stream.read(size)
        correlation, brokers = struct.unpack('>ii', body[:8])
        return correlation == 7 and brokers >= 1
    except (OSError, struct.error):
        return False


class Broker:
    """A running broker. `name` is what the table calls it."""

    def __init__(self, name, command, port, folder, environment=None):
        self.name, self.port, self.folder = name, port, folder
        self.log = open(folder / 'log', 'ab')
        begin = time.monotonic()
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, cwd=folder,
                                        env=environment)
        while not answers(port):
            if self.process.poll() is not None or time.monotonic() - begin > 120:
                self.stop()
                raise RuntimeError(f'{name} does not start; see {folder}/log')
            time.sleep(0.0005)
        self.start_seconds = time.monotonic() - begin

    @property
    def address(self):
        return f'127.0.0.1:{self.port}'

    @property
    def pids(self):
        return [self.process.pid]

    def resident_bytes(self):
        fields = pathlib.Path(f'/proc/{self.process.pid}/statm').read_text().split()
        return int(fields[1]) * PAGE

    def cpu_seconds(self):
        stat = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text()
        fields = stat.rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def idle_cpu_percent(self, seconds):
        before, begin = self.cpu_seconds(), time.monotonic()
        time.sleep(seconds)
        return 100 * (self.cpu_seconds() - before) / (time.monotonic() - begin)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()


def kafka_jars():
    """The folder with Kafka's jars: $KAFKA_LIBS, or fetched by Maven once."""
    if os.environ.get('KAFKA_LIBS'):
        return os.environ['KAFKA_LIBS']
    fetched = subprocess.run([ROOT / 'tools/kafka-jars'], check=True, capture_output=True,
                             text=True)
    return fetched.stdout.strip()


def prepare_kafka(folder, jars):
    """Writes the configuration and formats the data folder; gives what starts the broker."""
    folder.mkdir(parents=True)
    port, controller = free_ports(2)
    config = folder / 'server.properties'
    config.write_text(KAFKA_CONFIG.format(port=port, controller=controller, folder=folder))
    java = ['java', '-cp', f'{jars}/*']
    subprocess.run([*java, 'kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qk',
                    '-c', config], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return [java[0], *JVM, *java[1:], 'kafka.Kafka', str(config)], port


def prepare_milena(folder, binary, durability):
    folder.mkdir(parents=True)
    port, = free_ports(1)
    settings = [f'listeners=PLAINTEXT://127.0.0.1:{port}', f'log.dirs={folder}/data',
                f'write.durability={durability}', 'group.initial.rebalance.delay.ms=0']
    return [str(binary), 'serve', *(word for s in settings for word in ('--set', s))], port


def start_kafka(folder, jars, name='Kafka'):
    command, port = prepare_kafka(folder, jars)
    return Broker(name, command, port, folder)


def start_milena(folder, binary, durability):
    command, port = prepare_milena(folder, binary, durability)
    return Broker(f'Milena ({durability})', command, port, folder)


def restart_seconds(command, port, folder, times):
    """How long from the start of the process to the first answer, with its data there: the median
    of several times."""
    taken = []
    for _ in range(times):
        broker = Broker('restart', command, port, folder)
        taken.append(broker.start_seconds)
        broker.stop()
    return sorted(taken)[len(taken) // 2]
