/**
 * What waiting is made of, for the packages that stand on this one: not part of what the client promises to others.
 */

export { type Deferred, deferred } from './deferred.ts';
export { onAbort } from './on-abort.ts';
