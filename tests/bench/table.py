"""The table that a comparison prints: figures of Kafka and of Milena beside each other."""

import dataclasses


@dataclasses.dataclass
class Row:
    what: str
    unit: str
    kafka: float | None
    milena: float | None
    target: str
    passed: bool | None  # None: no target

    def ratio(self):
        return self.milena / self.kafka if self.kafka and self.milena is not None else None


def print_table(title, rows):
    def number(value):
        if value is None:
            return '-'
        return f'{value:,.0f}' if value >= 1000 else f'{value:.3g}'

    cells = [('', 'unit', 'Kafka', 'Milena', 'ratio', 'target', '')]
    for row in rows:
        ratio = row.ratio()
        verdict = {True: 'pass', False: 'FAIL', None: ''}[row.passed]
        cells.append((row.what, row.unit, number(row.kafka), number(row.milena),
                      '-' if ratio is None else f'{ratio:.2f}', row.target, verdict))
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    print(f'\n{title}')
    for line in cells:
        print('  '.join(cell.ljust(width) if i in (0, 1, 5) else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(line, widths))).rstrip())
