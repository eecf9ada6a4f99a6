"""kazoo's side of a queue. Usage: host:port, and then lines of standard input, each

    kind[@occasion] consumers items

Puts so many items into the queue at /<kind>/queue, and takes items by so many consumers, until /<kind>/stop exists. Of every item taken the
znode /<kind>/results/<item> is made, which fails if somebody took it before. Prints READY, and DONE or FAIL for each line.
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


def note(client, kind, item):
    client.create("/%s/results/%s" % (kind, item.decode()), b"python")


def is_over(client, kind):
    return client.exists("/%s/stop" % kind) is not None


def take(address, kind):
    client = connect(address)
    if kind.startswith("kazoo-locking"):
        queue = client.LockingQueue("/%s/queue" % kind)
        while not is_over(client, kind):
            item = queue.get(timeout=0.05)
            if item is None:
                continue
            note(client, kind, item)
            if not queue.consume():
                raise AssertionError("the lock of %s is lost" % item)
    else:
        queue = client.Queue("/%s/queue" % kind)
        while not is_over(client, kind):
            item = queue.get()
            if item is None:
                time.sleep(0.005)
            else:
                note(client, kind, item)
    client.stop()


def put(client, kind, items):
    if kind.startswith("kazoo-locking"):
        queue = client.LockingQueue("/%s/queue" % kind)
    else:
        queue = client.Queue("/%s/queue" % kind)
    for i in range(items):
        queue.put(b"python-%d" % i, priority=100 + i % 3)


def main():
    address = sys.argv[1]
    client = connect(address)
    print("READY", flush=True)
    for line in sys.stdin:
        kind, consumers, items = line.split()
        errors = []

        def guarded():
            try:
                take(address, kind)
            except Exception:
                errors.append(traceback.format_exc())

        threads = [threading.Thread(target=guarded) for _ in range(int(consumers))]
        for thread in threads:
            thread.start()
        put(client, kind, int(items))
        for thread in threads:
            thread.join(100)
        print("FAIL %s: %s" % (kind, errors[0]) if errors else "DONE %s" % kind, flush=True)


main()
