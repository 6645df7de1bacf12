"""Runs history_record against a broker and history_check on what it wrote."""
import glob
import os
import pathlib
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/clients/support'))
sys.dont_write_bytecode = True

#What the kinds of group need of the clients.Brokers get GROUP_SETTINGS.
PROTOCOLS = {
    'eager': ['group.partition.assignment.strategy=range', 'group.session.timeout.ms=6000',
              'group.heartbeat.interval.ms=500'],
    'cooperative': ['group.partition.assignment.strategy=cooperative-sticky',
                    'group.session.timeout.ms=6000', 'group.heartbeat.interval.ms=500'],
    'consumer': ['group.group.protocol=consumer'],
}
#A crashed member is to be noticed within the run.
GROUP_SETTINGS = [
    'group.initial.rebalance.delay.ms=0',
    'group.consumer.min.session.timeout.ms=6000', 'group.consumer.session.timeout.ms=6000',
    'group.consumer.min.heartbeat.interval.ms=500', 'group.consumer.heartbeat.interval.ms=500',
]
#Below this nothing was shown.
LEAST = {'acknowledged': 1000, 'read': 2000, 'committed': 10, 'aborted': 1, 'positions': 3,
         'assigned': 3}
CLIENT_HANGS = 4


class ClientFailed(Exception):
    """librdkafka did not return from a call, or failed an assertion of its own: nothing is known
    about the broker."""


def build_folder():
    """The first build that has the programs: $MILENA_BUILD, build/release, build/debug."""
    for folder in (os.environ.get('MILENA_BUILD'), ROOT / 'build/release', ROOT / 'build/debug'):
        if folder and (pathlib.Path(folder) / 'tests/history/history_record').exists():
            return pathlib.Path(folder)
    return None


def newer_librdkafka(folder):
    """Debian's librdkafka 2.0.2 does not know KIP-848, and fails an assertion of its own when a
    broker goes away while partitions are added to a transaction (txn_req_cnt); the one inside the
    Python package is newer. Makes a folder for LD_LIBRARY_PATH, None when it cannot be had."""
    cache = pathlib.Path(os.environ.get('MILENA_CACHE', pathlib.Path.home() / '.cache/milena'))
    pattern = 'lib/python*/site-packages/confluent_kafka.libs/librdkafka-*.so.1'
    environment = cache / 'clients/python'
    found = glob.glob(str(environment / pattern))
    if not found:
        requirements = ROOT / 'tests/clients/matrix/python/requirements.txt'
        for command in ([sys.executable, '-m', 'venv', environment],
                        [environment / 'bin/pip', 'install', '-q', '-r', requirements]):
            if subprocess.run(command, check=False).returncode != 0:
                return None
        found = glob.glob(str(environment / pattern))
    if not found:
        return None
    library = pathlib.Path(folder) / 'librdkafka'
    library.mkdir(exist_ok=True)
    link = library / 'librdkafka.so.1'
    if not link.exists():
        link.symlink_to(found[0])
    return library


class Recording:
    """One run of history_record; between `recording` and `settling` the broker may go away."""

    def __init__(self, bootstrap, path, protocol, seconds, seed, *arguments, library=None):
        self.path = pathlib.Path(path)
        self.recording = threading.Event()
        self.settling = threading.Event()
        self.lines = []
        environment = dict(os.environ)
        if library:
            environment['LD_LIBRARY_PATH'] = str(library)
        self.process = subprocess.Popen(
            [build_folder() / 'tests/history/history_record', bootstrap, self.path,
             f'seconds={seconds}', f'seed={seed}', *PROTOCOLS[protocol], *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith('recording'):
                self.recording.set()
            if line.startswith('settling'):
                self.settling.set()
        self.recording.set()
        self.settling.set()

    def finish(self, seconds=200):
        """(what is wrong or None, what was counted); waits for the end and judges the history."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.reader.join()
            return f'the recorder did not end: {self.lines[-3:]}', ''
        self.reader.join()
        said = ' '.join(line for line in self.lines if line not in ('recording', 'settling'))
        if status == CLIENT_HANGS or 'rdkafka' in said and 'Assertion' in said:
            raise ClientFailed(said)
        if status != 0:
            return f'the recorder ended with status {status}: {said}', said
        counts = dict(word.split('=') for word in said.split() if '=' in word)
        scarce = {name: counts[name] for name, least in LEAST.items() if int(counts[name]) < least}
        if scarce:
            return f'nothing was shown, too little happened: {scarce}', said
        return judge(self.path), said


def judge(path):
    """None when the history is clean, else what history_check says."""
    checked = subprocess.run([build_folder() / 'tests/history/history_check', path],
                             stdout=subprocess.PIPE, text=True, check=False)
    return None if checked.returncode == 0 else checked.stdout.strip()


def spoil(path, to):
    """Takes the last record out of the first partition's log at the end: a history that must not
    pass."""
    spoiled = False
    with open(path) as whole, open(to, 'w') as out:
        for line in whole:
            words = line.split()
            if not spoiled and words[3:5] == ['final', 'uncommitted'] and len(words) > 8:
                line = ' '.join(words[:-1]) + '\n'
                spoiled = True
            out.write(line)
    return spoiled
