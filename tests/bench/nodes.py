"""Clusters of three nodes on this machine, Milena's or a real Kafka's, whose nodes a measurement
may kill, freeze, stop and start again. Each node is broker and controller, as `milena dev` and
conf/cluster-*.properties have it."""

import contextlib
import pathlib
import signal
import subprocess
import time

import many
import peers

COUNT = 3
SETTINGS = """\
process.roles=broker,controller
node.id={number}
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
log.dirs={folder}/data
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
group.initial.rebalance.delay.ms=0
"""
# When a silent node is given up: what the examples say instead of Kafka's 9 s.
SILENCE = ('broker.session.timeout.ms=2000', 'broker.heartbeat.interval.ms=300',
           'controller.quorum.fetch.timeout.ms=1000')
KAFKA_SETTINGS = """\
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
"""


def until(condition, what, seconds=60, pause=0.01):
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise TimeoutError(f'waited {seconds} s for {what}')
        time.sleep(pause)


class Node:
    def __init__(self, number, command, port, folder):
        self.number, self.command, self.port, self.folder = number, command, port, folder
        self.process = None

    def start(self):
        """Does not wait for anything."""
        with open(self.folder / 'log', 'ab') as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd=self.folder)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.alive():
            self.process.kill()
            self.process.wait()

    def stop(self, seconds=30):
        """SIGTERM; the seconds that it took to end."""
        begin = time.monotonic()
        if self.alive():
            self.signal(signal.SIGTERM)
            self.signal(signal.SIGCONT)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        return time.monotonic() - begin

    def cpu_seconds(self):
        stat = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text()
        fields = stat.rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / peers.TICKS

    def memory(self):
        """(resident, proportional) bytes: nodes of one binary share its pages."""
        sizes = {}
        for line in pathlib.Path(f'/proc/{self.process.pid}/smaps_rollup').read_text().splitlines():
            name, _, value = line.partition(':')
            if name in ('Rss', 'Pss'):
                sizes[name] = int(value.split()[0]) * 1024
        return sizes['Rss'], sizes['Pss']

    def log_tail(self, lines=15):
        return '\n'.join((self.folder / 'log').read_text(errors='replace').splitlines()[-lines:])


class Cluster:
    def __init__(self, name, nodes):
        self.name, self.nodes = name, {node.number: node for node in nodes}

    @property
    def address(self):
        return ','.join(f'127.0.0.1:{node.port}' for node in self.nodes.values())

    @property
    def pids(self):
        return [node.process.pid for node in self.nodes.values()]

    def start(self):
        """Seconds until every node answers and knows all the others."""
        begin = time.monotonic()
        for node in self.nodes.values():
            node.start()
        self.wait_complete()
        return time.monotonic() - begin

    def wait_complete(self, seconds=120):
        def complete():
            for node in self.nodes.values():
                if not node.alive():
                    raise RuntimeError(f'{self.name}: node {node.number} ended with status '
                                       f'{node.process.returncode}:\n{node.log_tail()}')
            return all(len(self.of_node(node, many.Client.metadata, ({}, {}))[0]) ==
                       len(self.nodes) for node in self.nodes.values())
        until(complete, f'{self.name}: all nodes to know each other', seconds)

    def of_node(self, node, question, otherwise=None, *arguments):
        """`question`, a method of many.Client, asked of one node; `otherwise` when it does not
        answer."""
        try:
            with contextlib.closing(many.Client(node.port, timeout=5)) as client:
                return question(client, *arguments)
        except OSError:
            return otherwise

    def ask(self, question, *arguments, but=None):
        """The answer of the first node that gives one."""
        for node in self.nodes.values():
            if node is not but and node.alive():
                answer = self.of_node(node, question, None, *arguments)
                if answer is not None:
                    return answer
        return None

    def controller(self, but=None):
        """Number of the active controller's node, once somebody knows it."""
        def known():
            leader = self.ask(many.Client.quorum_leader, but=but)
            return leader if leader in self.nodes else None
        return until(known, f'{self.name}: an active controller')

    def partitions(self, topic, but=None):
        """{partition: (leader, replicas, isr)}."""
        answer = self.ask(many.Client.metadata, topic, but=but)
        return answer[1] if answer else {}

    def wait_in_sync(self, topic, seconds=60):
        """Until every node answers and says that every replica is in sync and led; how long."""
        begin = time.monotonic()

        def in_sync():
            for node in self.nodes.values():
                brokers, partitions = self.of_node(node, many.Client.metadata, ({}, {}), topic)
                if len(brokers) < len(self.nodes) or not partitions or any(
                        leader < 0 or len(isr) < len(replicas)
                        for leader, replicas, isr in partitions.values()):
                    return False
            return True
        until(in_sync, f'{self.name}: {topic} in sync, but it is {self.partitions(topic)}', seconds)
        return time.monotonic() - begin

    def cpu_seconds(self):
        return sum(node.cpu_seconds() for node in self.nodes.values())

    def memory(self):
        """Sums of (resident, proportional) bytes."""
        return tuple(map(sum, zip(*(node.memory() for node in self.nodes.values()))))

    def stop(self):
        for node in self.nodes.values():
            if node.alive():
                node.signal(signal.SIGTERM)
                node.signal(signal.SIGCONT)
        for node in self.nodes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                node.stop()


def prepare(name, folder, command, extra):
    """The nodes of a cluster with their configuration files; `command` makes a node's command of
    its file."""
    ports = peers.free_ports(2 * COUNT)
    voters = ','.join(f'{i + 1}@127.0.0.1:{ports[COUNT + i]}' for i in range(COUNT))
    found = []
    for i in range(COUNT):
        place = folder / f'node-{i + 1}'
        place.mkdir(parents=True)
        config = place / 'server.properties'
        config.write_text(SETTINGS.format(number=i + 1, voters=voters, port=ports[i],
                                          controller=ports[COUNT + i], folder=place) + extra)
        found.append(Node(i + 1, command(config), ports[i], place))
    return Cluster(name, found)


def milena(folder, binary, durability='disk', settings=()):
    lines = [f'write.durability={durability}', *SILENCE, *settings]
    return prepare(f'Milena ({durability})', folder,
                   lambda config: [str(binary), 'serve', '--config', str(config)],
                   '\n'.join(lines) + '\n')


def kafka(folder, jars, settings=()):
    java = ['java', '-cp', f'{jars}/*']
    cluster = prepare('Kafka', folder,
                      lambda config: [java[0], *peers.JVM, *java[1:], 'kafka.Kafka', str(config)],
                      KAFKA_SETTINGS + '\n'.join(settings) + '\n')
    for node in cluster.nodes.values():
        subprocess.run([*java, 'kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qk',
                        '-c', node.folder / 'server.properties'], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return cluster
