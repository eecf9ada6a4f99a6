"""kazoo's side of a contention for one lock. Usage: host:port, and then lines of standard input, each

    kind threads rounds

Every thread takes the lock at /<kind>/lock so often. Who holds it adds one to /<kind>/count by a read and a write that would
lose somebody else's, and keeps a znode in /<kind>/inside meanwhile. Prints READY, and DONE or FAIL for each line.
"""

import sys
import threading
import time
import traceback

from kazoo.client import KazooClient


def connect(address):
    client = KazooClient(hosts=address, timeout=20.0)
    client.start(timeout=10)
    return client


def inside(client, kind, most):
    own = client.create("/%s/inside/python-" % kind, ephemeral=True, sequence=True)
    holders = len(client.get_children("/%s/inside" % kind))
    client.delete(own)
    if holders > most:
        raise AssertionError("%d hold it" % holders)


def write(client, kind):
    inside(client, kind, 1)
    data, stat = client.get("/%s/count" % kind)
    client.set("/%s/count" % kind, b"%d" % (int(data) + 1), version=stat.version)


def read(client, kind):
    before = client.exists("/%s/count" % kind)
    writers = client.get_children("/%s/inside" % kind)
    after = client.exists("/%s/count" % kind)
    if before.version != after.version or writers:
        raise AssertionError("somebody writes beside a reader")


def contend(address, kind, rounds):
    client = connect(address)
    path = "/%s/lock" % kind
    for _ in range(rounds):
        if kind == "lock":
            with client.Lock(path, "python"):
                write(client, kind)
        elif kind == "mixed":
            with client.Lock(path, "python", extra_lock_patterns=["-lock-"]):
                write(client, kind)
        elif kind == "write-lock":
            with client.WriteLock(path, "python"):
                write(client, kind)
        elif kind == "read-lock":
            with client.ReadLock(path, "python"):
                read(client, kind)
        elif kind == "patient-read-lock":
            with client.ReadLock(path, "python"):
                print("HELD " + kind, flush=True)
                while len(client.get_children(path)) < 2:
                    time.sleep(0.01)
                read(client, kind)
        elif kind == "semaphore-of-three":
            with client.Semaphore(path, "python", max_leases=3):
                inside(client, kind, 3)
        else:
            raise ValueError(kind)
    client.stop()
    client.close()


def main():
    address = sys.argv[1]
    print("READY", flush=True)
    for line in sys.stdin:
        kind, threads, rounds = line.split()
        errors = []

        def run():
            try:
                contend(address, kind, int(rounds))
            except BaseException as error:  # told below, by the main thread
                traceback.print_exc()
                errors.append(error)

        workers = [
            threading.Thread(target=run) for _ in range(int(threads))
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        print("FAIL %s: %r" % (kind, errors[0]) if errors else "DONE " + kind, flush=True)


main()
