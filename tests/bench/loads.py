"""The loads of the comparison, and what Milena must reach in relation to a warm Kafka."""

import dataclasses


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

    def text(self):
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


def figure(figures, path):
    """A number inside the JSON of a load; 'latency_ms.p99.9' is one of the object latency_ms."""
    head, _, rest = path.partition('.')
    value = figures.get(head)
    return value.get(rest) if rest and isinstance(value, dict) else value
