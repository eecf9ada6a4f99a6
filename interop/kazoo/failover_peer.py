"""A stock client while servers come and go. Usage: host:port,host:port,...

Makes the ephemeral /kazoo and watches /watched, which must be there. Prints READY, STATE for each change of its session's
state, DATA for what it sees. A line of standard input makes it look: it prints LOOK with that line, and whether the ephemeral is SAME session's.
"""

import sys

from kazoo.client import KazooClient
from kazoo.retry import KazooRetry


def say(*words):
    print(*words, flush=True)


retry = KazooRetry(max_tries=-1, delay=0.05, max_delay=0.2)
client = KazooClient(hosts=sys.argv[1], timeout=40.0, connection_retry=retry, command_retry=retry)
client.add_listener(lambda state: say("STATE", state))
client.start(timeout=20)
client.create("/kazoo", ephemeral=True)
client.DataWatch("/watched", lambda data, stat: say("DATA", data.decode()))
say("READY")
for line in sys.stdin:
    session, _ = client.client_id
    owner = client.retry(client.exists, "/kazoo").owner_session_id
    say("LOOK", line.strip(), "SAME" if owner == session else "OTHER")
client.stop()
