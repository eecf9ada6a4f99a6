#!/usr/bin/env bash
# The arguments of Apache ZooKeeper's script of this name: `zkCleanup.sh -n <count>` with the directories of the
# configuration, or `zkCleanup.sh <dataLogDir> [<snapDir>] -n <count>` without one. `zooid purge` does the work.

ZOOBINDIR="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"
# shellcheck source=packages/cli/bin/zk-environment.sh
. "$ZOOBINDIR/zk-environment.sh"

# The last line of the configuration with this key counts.
value_of() {
  sed -n -e 's/[[:space:]]*$//' -e "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" "$ZOOCFG" | tail -n 1
}

directories=()
if [[ -f $ZOOCFG && ${1:-} != [!-]* ]]; then
  data_log_dir="$(value_of dataLogDir)"
  data_dir="$(value_of dataDir)"
  if [[ -n $data_log_dir ]]; then directories+=("$data_log_dir"); fi
  if [[ -n $data_dir ]]; then directories+=("$data_dir"); fi
fi
exec "$NODE" "$ZOOID" purge "${directories[@]}" "$@"
