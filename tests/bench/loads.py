"""The loads of the comparisons, and what Milena must reach in relation to a warm Kafka."""

import dataclasses
import json
import os
import subprocess
import sys

import table


@dataclasses.dataclass(frozen=True)
class Target:
    """A figure of the load's JSON and the bound on Milena's divided by Kafka's."""
    figure: str
    label: str
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    def met(self, ratio):
        if ratio is None:
            return False
        return ((self.at_least is None or ratio >= self.at_least) and
                (self.at_most is None or ratio <= self.at_most))

    def has_bound(self):
        return self.at_least is not None or self.at_most is not None

    def text(self):
        if not self.has_bound():
            return ''
        return f'>= {self.at_least:g}' if self.at_least is not None else f'<= {self.at_most:.2g}'


@dataclasses.dataclass(frozen=True)
class Load:
    name: str
    arguments: tuple          # of `milena bench`
    page_cache: tuple         # targets with write.durability=page-cache
    disk: tuple = ()          # and with write.durability=disk

    def targets(self, durability):
        return self.page_cache if durability == 'page-cache' else self.disk


MB = ('mb_per_second', 'throughput', 'MB/s')
REQUESTS = ('requests_per_second', 'requests', '1/s')
CPU = ('server_cpu_seconds_per_gb', 'CPU per GB', 's')
P50 = ('latency_ms.p50', 'p50', 'ms')
P99 = ('latency_ms.p99', 'p99', 'ms')
P999 = ('latency_ms.p99.9', 'p99.9', 'ms')

LOADS = (
    Load('produce, 1 MB batches, 1 connection',
         ('produce', '--connections', '1', '--in-flight', '5', '--records', '1000',
          '--record-bytes', '1000'),
         page_cache=(Target(*MB, at_least=2.5), Target(*CPU, at_most=1 / 6))),
    Load('produce, 11 KB batches, 8 connections x 5',
         ('produce', '--connections', '8', '--in-flight', '5', '--records', '100',
          '--record-bytes', '100'),
         page_cache=(Target(*MB, at_least=3), Target(*CPU, at_most=1 / 4)),
         disk=(Target(*MB, at_least=2),)),
    Load('produce, one record a request, 8 connections x 5',
         ('produce', '--connections', '8', '--in-flight', '5', '--records', '1',
          '--record-bytes', '100'),
         page_cache=(Target(*REQUESTS, at_least=2.5),)),
    Load('fetch',
         ('consume', '--connections', '1', '--fill', '1', '--records', '100', '--record-bytes',
          '100'),
         page_cache=(Target(*MB, at_least=1), Target(*CPU, at_most=0.8))),
    Load('produce to consume, 500 a second',
         ('e2e', '--rate', '500', '--record-bytes', '100'),
         page_cache=(Target(*P50, at_most=0.6), Target(*P99, at_most=1 / 3),
                     Target(*P999, at_most=1 / 3)),
         disk=(Target(*P99, at_most=1),)),
    Load('steady 100 MB/s, 16 KB batches, 8 partitions',
         ('produce', '--connections', '8', '--in-flight', '5', '--partitions', '8', '--records',
          '16', '--record-bytes', '1000', '--rate', '6180'),
         page_cache=(Target(*P99, at_most=1 / 3),),
         disk=(Target(*P99, at_most=1),)),
)


def reported(*targets):
    """The same figures without their bounds."""
    return tuple(dataclasses.replace(target, at_least=None, at_most=None) for target in targets)


# Against three nodes: one partition, acks=all, replication factor 3, all nodes in sync.
CLUSTER_LOADS = tuple(
    dataclasses.replace(load, disk=reported(*load.page_cache)) for load in (
        Load('1 MB batches, 1 connection x 5',
             ('produce', '--connections', '1', '--in-flight', '5', '--records', '1000',
              '--record-bytes', '1000'),
             page_cache=(Target(*MB, at_least=3), Target(*CPU))),
        Load('11 KB batches, 1 connection x 5',
             ('produce', '--connections', '1', '--in-flight', '5', '--records', '100',
              '--record-bytes', '100'),
             page_cache=(Target(*MB, at_least=5), Target(*CPU))),
        Load('one record a request, 8 connections x 5',
             ('produce', '--connections', '8', '--in-flight', '5', '--records', '1',
              '--record-bytes', '100'),
             page_cache=(Target(*REQUESTS, at_least=3),)),
        Load('one record a request, 300 a second',
             ('produce', '--connections', '1', '--in-flight', '5', '--records', '1',
              '--record-bytes', '100', '--rate', '300'),
             page_cache=(Target(*P50, at_most=1 / 2), Target(*P99, at_most=1 / 4))),
    ))


def figure(figures, path):
    """A number inside the JSON of a load; 'latency_ms.p99.9' is one of the object latency_ms."""
    head, _, rest = path.partition('.')
    value = figures.get(head)
    return value.get(rest) if rest and isinstance(value, dict) else value


def run(options, load, target, warm_up):
    """The JSON of one load against a broker or a cluster. What it leaves dirty is written before
    the next."""
    command = [str(options.milena), 'bench', load.arguments[0], '-b', target.address,
               *load.arguments[1:], '--seconds', str(options.seconds), '--warm-up', str(warm_up),
               '--topic', 'bench', '-c', 'file.delete.delay.ms=1000', '--timeout', '60', '--json']
    for pid in target.pids:
        command += ['--pid', str(pid)]
    done = subprocess.run(command, capture_output=True, text=True)
    os.sync()
    if done.returncode != 0:
        print(f'{target.name}: {load.name}: {done.stdout.strip()} {done.stderr.strip()}',
              file=sys.stderr)
        return {}
    return json.loads(done.stdout)


def rows(load, durability, kafka, milena):
    found = []
    for target in load.targets(durability):
        row = table.Row(f'{load.name}: {target.label}', target.unit, figure(kafka, target.figure),
                        figure(milena, target.figure), target.text(), None)
        row.passed = target.met(row.ratio()) if target.has_bound() else None
        found.append(row)
    return found
