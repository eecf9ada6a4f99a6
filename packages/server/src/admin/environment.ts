/**
 * The lines of `envi` and /commands/environment. What belongs to a Java machine alone reads `<NA>`, as Apache prints a
 * property that is not set, so that scripts which look for the names keep working.
 */
import { arch, homedir, hostname, type as osType, release, tmpdir, userInfo } from 'node:os';
import { getHeapStatistics } from 'node:v8';

const MB = 1024 * 1024;
const NOT_AVAILABLE = '<NA>';

/** Names and values in Apache's order; memory is that of the JavaScript heap. */
export function environment(version: string): readonly (readonly [name: string, value: string])[] {
  const heap = getHeapStatistics();
  return [
    ['zookeeper.version', version],
    ['host.name', hostname() || NOT_AVAILABLE],
    ['java.version', NOT_AVAILABLE],
    ['java.vendor', NOT_AVAILABLE],
    ['java.home', NOT_AVAILABLE],
    ['java.class.path', NOT_AVAILABLE],
    ['java.library.path', NOT_AVAILABLE],
    ['java.io.tmpdir', tmpdir()],
    ['java.compiler', NOT_AVAILABLE],
    ['os.name', osType()],
    // Java's name for it.
    ['os.arch', arch() === 'x64' ? 'amd64' : arch()],
    ['os.version', release()],
    ['user.name', userName()],
    ['user.home', homedir()],
    ['user.dir', process.cwd()],
    ['os.memory.free', `${Math.floor((heap.total_heap_size - heap.used_heap_size) / MB)}MB`],
    ['os.memory.max', `${Math.floor(heap.heap_size_limit / MB)}MB`],
    ['os.memory.total', `${Math.floor(heap.total_heap_size / MB)}MB`],
    ['node.version', process.version],
  ];
}

/** The user this process runs as; containers may run as a number without a name. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? NOT_AVAILABLE);
  }
}
