import { ShellError } from './shell-error.ts';

/**
 * Refuses what is no path, in Apache's words, before anything is sent.
 *
 * Source: PathUtils.validatePath.
 */
export function assertPath(path: string): void {
  if (path === '') throw new ShellError('Path length must be > 0');
  if (!path.startsWith('/')) throw new ShellError('Path must start with / character');
  if (path.length === 1) return;
  if (path.endsWith('/')) throw new ShellError('Path must not end with / character');
  for (let at = 1; at < path.length; at++) {
    const reason = faultAt(path, at);
    if (reason !== undefined)
      throw new ShellError(`Invalid path string "${path}" caused by ${reason} @${at}`);
  }
}

function faultAt(path: string, at: number): string | undefined {
  const unit = path.charCodeAt(at);
  if (unit === 0) return 'null character not allowed';
  const isEnd = at + 1 === path.length || path[at + 1] === '/';
  if (path[at] === '/') return path[at - 1] === '/' ? 'empty node name specified' : undefined;
  if (path[at] === '.') {
    const isDot = path[at - 1] === '/' || (path[at - 1] === '.' && path[at - 2] === '/');
    return isDot && isEnd ? 'relative paths not allowed' : undefined;
  }
  const isRefused =
    unit <= 0x1f ||
    (unit >= 0x7f && unit <= 0x9f) ||
    (unit >= 0xd800 && unit <= 0xf8ff) ||
    (unit >= 0xfff0 && unit <= 0xffff);
  return isRefused ? 'invalid character' : undefined;
}

/** The last name of a path; empty for the root. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
