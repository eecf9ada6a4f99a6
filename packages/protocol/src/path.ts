/**
 * Which paths name a znode, and plain arithmetic on them.
 *
 * A path starts with `/`, has no empty, `.` or `..` component, no trailing `/` (but for the root), and
 * none of U+0000-001F, U+007F-009F, U+D800-F8FF, U+FFF0-FFFF as a UTF-16 unit: so no character outside
 * of the basic plane, and no U+FFFD, which is what malformed UTF-8 is read as. Source: PathUtils.
 */

const SLASH = 0x2f;
const DOT = 0x2e;

/** Whether a UTF-16 unit may stand in a path. */
function isAllowedUnit(unit: number): boolean {
  if (unit < 0x7f) return unit > 0x1f;
  if (unit < 0xd800) return unit > 0x9f;
  return unit > 0xf8ff && unit < 0xfff0;
}

/** Why `path` does not name a znode, as the end of a sentence; undefined when it does. */
export function pathProblem(path: string): string | undefined {
  const length = path.length;
  if (length === 0) return 'it is empty';
  if (path.charCodeAt(0) !== SLASH) return 'it does not start with /';
  if (length === 1) return undefined;
  if (path.charCodeAt(length - 1) === SLASH) return 'it ends with /';
  let nameStart = 1;
  for (let i = 1; i <= length; i++) {
    const unit = i === length ? SLASH : path.charCodeAt(i);
    if (unit !== SLASH) {
      if (!isAllowedUnit(unit)) {
        return `character U+${unit.toString(16).toUpperCase().padStart(4, '0')} at ${i} is not allowed`;
      }
      continue;
    }
    const nameLength = i - nameStart;
    if (nameLength === 0) return `a name at ${i} is empty`;
    const isDots =
      nameLength <= 2 && path.charCodeAt(nameStart) === DOT && path.charCodeAt(i - 1) === DOT;
    if (isDots) return `the relative name at ${nameStart} is not allowed`;
    nameStart = i + 1;
  }
  return undefined;
}

/** Whether `path` names a znode. For a sequential create, ask with the suffix added. */
export function isValidPath(path: string): boolean {
  return pathProblem(path) === undefined;
}

/**
 * Whether the UTF-8 in `[start, end)` of `bytes` names a znode: the same answer as {@link isValidPath} of
 * the decoded string, without making one. Malformed UTF-8 is refused. Never allocates, never throws.
 */
export function validatePathBytes(bytes: Uint8Array, start: number, end: number): boolean {
  if (end <= start || bytes[start] !== SLASH) return false;
  if (end - start === 1) return true;
  // Invariant: [nameStart, i) is what has been seen of the current name.
  let nameStart = start + 1;
  let i = nameStart;
  while (i < end) {
    const byte = bytes[i]!;
    if (byte === SLASH) {
      if (!isAllowedName(bytes, nameStart, i)) return false;
      nameStart = ++i;
    } else if (byte < 0x80) {
      if (byte <= 0x1f || byte === 0x7f) return false;
      i++;
    } else {
      const length = allowedSequenceLength(bytes, i, end);
      if (length === 0) return false;
      i += length;
    }
  }
  return isAllowedName(bytes, nameStart, end);
}

/** Whether a name whose characters are all allowed is neither empty nor one of the relative names. */
function isAllowedName(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length > 2) return true;
  if (length === 0) return false;
  return bytes[start] !== DOT || bytes[end - 1] !== DOT;
}

/** Bytes of the well-formed UTF-8 sequence of an allowed character above U+007F at `at`; 0 if there is none. */
function allowedSequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!;
  if (first < 0xc2 || at + 1 >= end) return 0;
  const second = bytes[at + 1]!;
  if ((second & 0xc0) !== 0x80) return 0;
  // U+0080-009F are C2 80 to C2 9F.
  if (first < 0xe0) return first === 0xc2 && second < 0xa0 ? 0 : 2;
  // Four bytes are a surrogate pair in UTF-16, and surrogates are not allowed.
  if (first > 0xef || at + 2 >= end) return 0;
  const third = bytes[at + 2]!;
  if ((third & 0xc0) !== 0x80) return 0;
  const unit = ((first & 0x0f) << 12) | ((second & 0x3f) << 6) | (third & 0x3f);
  // Below U+0800 the sequence is longer than need be, hence malformed.
  return unit >= 0x800 && isAllowedUnit(unit) ? 3 : 0;
}

/** The path above a valid path; the root is above itself. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

/** The last name of a valid path; empty for the root. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The path of the child `name` of a valid path. */
export function joinPath(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}

/** Whether `path` is `ancestor` or lies below it. Both are valid paths. */
export function isAtOrBelow(path: string, ancestor: string): boolean {
  if (ancestor === '/') return true;
  return (
    path.startsWith(ancestor) && (path.length === ancestor.length || path[ancestor.length] === '/')
  );
}

/** The server's path for a client's path under its chroot; `''` or `/` as the chroot means none. */
export function prependChroot(chroot: string, path: string): string {
  if (chroot === '' || chroot === '/') return path;
  return path === '/' ? chroot : chroot + path;
}

/**
 * The client's path for a server's path, given the client's chroot; undefined when it lies outside.
 */
export function stripChroot(chroot: string, path: string): string | undefined {
  if (chroot === '' || chroot === '/') return path;
  if (!isAtOrBelow(path, chroot)) return undefined;
  return path.length === chroot.length ? '/' : path.slice(chroot.length);
}

/** The name of a sequential child: the counter as ten digits, or more with its sign when it has wrapped. */
export function sequentialSuffix(counter: number): string {
  return counter < 0 ? `-${String(-counter).padStart(9, '0')}` : String(counter).padStart(10, '0');
}
