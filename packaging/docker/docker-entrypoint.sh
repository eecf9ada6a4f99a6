#!/bin/sh
# Entry point of the image: the environment of the official zookeeper image in, zoo.cfg and myid out; then the command runs in
# the place of this script. A zoo.cfg or myid that is there is left as it is.
set -eu

conf_dir="${ZOO_CONF_DIR:-/conf}"
data_dir="${ZOO_DATA_DIR:-/data}"
data_log_dir="${ZOO_DATA_LOG_DIR:-/datalog}"
log_dir="${ZOO_LOG_DIR:-/logs}"
config="$conf_dir/zoo.cfg"

# A server needs no rights of root. Volumes may belong to anybody, so they are given to its user first.
case "${1:-}" in
  zkServer.sh | zooid)
    if [ "$(id -u)" = 0 ]; then
      chown -R node: "$data_dir" "$data_log_dir" "$log_dir" "$conf_dir"
      exec setpriv --reuid=node --regid=node --init-groups "$0" "$@"
    fi
    ;;
esac

print_config() {
  echo "dataDir=$data_dir"
  echo "dataLogDir=$data_log_dir"
  echo "tickTime=${ZOO_TICK_TIME:-2000}"
  echo "initLimit=${ZOO_INIT_LIMIT:-5}"
  echo "syncLimit=${ZOO_SYNC_LIMIT:-2}"
  echo "autopurge.snapRetainCount=${ZOO_AUTOPURGE_SNAPRETAINCOUNT:-3}"
  echo "autopurge.purgeInterval=${ZOO_AUTOPURGE_PURGEINTERVAL:-0}"
  echo "maxClientCnxns=${ZOO_MAX_CLIENT_CNXNS:-60}"
  echo "standaloneEnabled=${ZOO_STANDALONE_ENABLED:-true}"
  echo "admin.enableServer=${ZOO_ADMINSERVER_ENABLED:-true}"
  # Lists are separated by white space; a name in them is no pattern of files.
  set -f
  for server in ${ZOO_SERVERS:-server.1=localhost:2888:3888;2181}; do
    echo "$server"
  done
  if [ -n "${ZOO_4LW_COMMANDS_WHITELIST:-}" ]; then
    echo "4lw.commands.whitelist=$ZOO_4LW_COMMANDS_WHITELIST"
  fi
  for entry in ${ZOO_CFG_EXTRA:-}; do
    echo "$entry"
  done
  set +f
}

if [ ! -f "$config" ]; then
  # Whole or not at all: what a stopped container left would be taken for somebody's own configuration.
  print_config >"$config.tmp"
  mv "$config.tmp" "$config"
fi

myid="$data_dir/myid"
if [ ! -f "$myid" ]; then
  echo "${ZOO_MY_ID:-1}" >"$myid.tmp"
  mv "$myid.tmp" "$myid"
elif [ -n "${ZOO_MY_ID:-}" ] && [ "$(cat "$myid")" != "$ZOO_MY_ID" ]; then
  echo "warning: $myid says $(cat "$myid") and ZOO_MY_ID says $ZOO_MY_ID: the file counts. Is this the volume of another server?" >&2
fi

exec "$@"
