#!/usr/bin/env bash
# The arguments of Apache ZooKeeper's script of this name; `zooid shell` does the work. CLIENT_JVMFLAGS and JVMFLAGS stay
# in its environment.

ZOOBINDIR="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"
# shellcheck source=packages/cli/bin/zk-environment.sh
. "$ZOOBINDIR/zk-environment.sh"

exec "$NODE" "$ZOOID" shell "$@"
