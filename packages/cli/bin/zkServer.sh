#!/usr/bin/env bash
# The arguments, the environment and the words of Apache ZooKeeper's script of this name, for everything that knows it.
# `zooid` does the work. What differs is in docs/reference/command-line.md.

# A link to this file may stand anywhere.
ZOOBINDIR="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"
# shellcheck source=packages/cli/bin/zk-environment.sh
. "$ZOOBINDIR/zk-environment.sh"

usage() {
  echo "Usage: $0 [--config <conf-dir>] {start|start-foreground|stop|version|restart|status|print-cmd} [<config file>]" >&2
  exit 2
}

command="${1:-}"
case "$command" in
  start | start-foreground | stop | restart | status | print-cmd) ;;
  version | upgrade) exec "$NODE" "$ZOOID" "$command" ;;
  print-classpath)
    echo "There is no class path: zooid is no Java program." >&2
    exit 0
    ;;
  *) usage ;;
esac

# A plain name is looked for in the directory of the configuration, a path is taken as it is.
if [[ -n ${2:-} ]]; then
  if [[ $2 == */* ]]; then config="$2"; else config="$ZOOCFGDIR/$2"; fi
else
  config="$ZOOCFG"
fi
exec "$NODE" "$ZOOID" "$command" "$config" "${@:3}"
