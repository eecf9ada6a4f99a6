# shellcheck shell=bash
# Read by the zk*.sh scripts: finds the configuration as Apache's zkEnv.sh does, and what runs zooid.
# Takes `--config <directory>` off the arguments of the script that reads it.

if [[ ${1:-} == --config && $# -gt 1 ]]; then
  ZOOCFGDIR="$2"
  shift 2
fi

if [[ -z ${ZOOCFGDIR:-} ]]; then
  for directory in "$ZOOBINDIR/../conf" "$ZOOBINDIR/../etc/zookeeper" /etc/zooid /etc/zookeeper/conf /etc/zookeeper; do
    if [[ -d $directory ]]; then
      ZOOCFGDIR="$directory"
      break
    fi
  done
  ZOOCFGDIR="${ZOOCFGDIR:-$ZOOBINDIR/../conf}"
fi

# The two files in which sites set the environment. What they set without `export` counts, too.
set -a
# shellcheck disable=SC1091
if [[ -f $ZOOCFGDIR/zookeeper-env.sh ]]; then . "$ZOOCFGDIR/zookeeper-env.sh"; fi
# shellcheck disable=SC1091
if [[ -f $ZOOCFGDIR/java.env ]]; then . "$ZOOCFGDIR/java.env"; fi
set +a

ZOOCFG="${ZOOCFG:-zoo.cfg}"
if [[ $ZOOCFG != */* ]]; then ZOOCFG="$ZOOCFGDIR/$ZOOCFG"; fi

NODE="${NODE:-node}"
if ! command -v "$NODE" >/dev/null; then
  echo "Error: node could not be found in PATH, and NODE does not name it." >&2
  exit 1
fi
# shellcheck disable=SC2034
ZOOID="$ZOOBINDIR/zooid.mjs"
