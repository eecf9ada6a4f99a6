"""kazoo's side of elections, barriers, counters and parties. Usage: host:port, and then lines of standard input, each

    kind threads rounds

Znodes are below /<kind>: the recipe's at `lock`. A leader adds one to /<kind>/count by a read and a write that would lose
somebody else's, and keeps a znode in /<kind>/inside meanwhile. Prints READY, and DONE or FAIL for each line.
"""

import sys
import threading
import time
import traceback

from kazoo.client import KazooClient
from kazoo.retry import KazooRetry

ITEMS = ("a", "b", "c", "d", "e", "f", "g")


def write(client, kind):
    own = client.create("/%s/inside/python-" % kind, ephemeral=True, sequence=True)
    leaders = len(client.get_children("/%s/inside" % kind))
    data, stat = client.get("/%s/count" % kind)
    client.set("/%s/count" % kind, b"%d" % (int(data) + 1), version=stat.version)
    client.delete(own)
    if leaders > 1:
        raise AssertionError("%d lead" % leaders)


def mark(client, kind):
    """Notes that this member begins to enter, or has done."""
    client.create("/%s/inside/python-" % kind, sequence=True)


def expect_marks(client, kind, count):
    """Sees that all others have, too."""
    marks = len(client.get_children("/%s/inside" % kind))
    if marks < count:
        raise AssertionError("%d of %d were there" % (marks, count))


def until_all_are_inside(client, kind, name, count):
    client.create("/%s/inside/%s" % (kind, name))
    while len(client.get_children("/%s/inside" % kind)) < count:
        time.sleep(0.005)


def partition(client, path, kind, thread, members):
    """Holds shares until every member has seen that all items are somebody's."""
    partitioner = client.SetPartitioner(
        path, ITEMS, identifier="python-%d" % thread, time_boundary=0.3
    )
    has_seen = False
    while True:
        if partitioner.failed:
            raise AssertionError("it failed")
        if partitioner.release:
            partitioner.release_set()
        elif partitioner.acquired and not has_seen:
            present = client.get_children(path + "/party")
            if len(present) == members and len(list(partitioner)) in (
                len(ITEMS) // members,
                len(ITEMS) // members + 1,
            ):
                has_seen = True
                client.create("/%s/inside/python-%d" % (kind, thread))
        elif partitioner.allocating:
            partitioner.wait_for_acquire(0.05)
        if len(client.get_children("/%s/inside" % kind)) == members:
            break
        time.sleep(0.01)
    partitioner.finish()


def take_part(address, kind, thread, threads, rounds):
    retry = KazooRetry(max_tries=-1, delay=0.001, backoff=1, max_jitter=0.4)
    client = KazooClient(hosts=address, timeout=20.0, command_retry=retry)
    client.start(timeout=10)
    path = "/%s/lock" % kind
    if kind == "election":
        election = client.Election(path, "python")
        for _ in range(rounds):
            election.run(write, client, kind)
    elif kind == "kazoo-double-barrier":
        barrier = client.DoubleBarrier(path, 2 * threads)
        mark(client, kind)
        barrier.enter()
        expect_marks(client, kind, 2 * threads)
        mark(client, kind)
        barrier.leave()
        expect_marks(client, kind, 4 * threads)
    elif kind == "kazoo-barrier":
        print("WAITING " + kind, flush=True)
        if not client.Barrier(path).wait(timeout=90):
            raise AssertionError("it stayed closed")
    elif kind == "counter":
        counter = client.Counter(path)
        for _ in range(rounds):
            counter += 1
    elif kind == "float-counter":
        counter = client.Counter(path, default=0.0)
        for _ in range(rounds):
            counter += 0.5
    elif kind == "curator-counter":
        counter = client.Counter(path, support_curator=True)
        for _ in range(rounds):
            counter += 1
    elif kind == "party":
        party = client.Party(path, "python-%d" % thread)
        party.join()
        while len(list(party)) < 2 * threads:
            time.sleep(0.005)
        until_all_are_inside(client, kind, "python-%d" % thread, 2 * threads)
        party.leave()
    elif kind == "shallow-party":
        party = client.ShallowParty(path, "python-%d" % thread)
        party.join()
        wanted = {"%s-%d" % (name, i) for name in ("node", "python") for i in range(threads)}
        while set(party) != wanted:
            time.sleep(0.005)
        until_all_are_inside(client, kind, "python-%d" % thread, 2 * threads)
        party.leave()
    elif kind == "partitioner":
        partition(client, path, kind, thread, 2 * threads)
    else:
        raise ValueError(kind)
    client.stop()
    client.close()


def serve(address, kind, threads, rounds):
    errors = []

    def run(thread):
        try:
            take_part(address, kind, thread, threads, rounds)
        except BaseException as error:  # told below, by the main thread
            traceback.print_exc()
            errors.append(error)

    workers = [threading.Thread(target=run, args=(thread,)) for thread in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print("FAIL %s: %r" % (kind, errors[0]) if errors else "DONE " + kind, flush=True)


def main():
    address = sys.argv[1]
    print("READY", flush=True)
    for line in sys.stdin:
        kind, threads, rounds = line.split()
        threading.Thread(
            target=serve, args=(address, kind, int(threads), int(rounds)), daemon=True
        ).start()


main()
