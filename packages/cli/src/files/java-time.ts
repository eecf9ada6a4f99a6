// Times as Apache's tools print them. One second is formatted once: a log has thousands of records in each.

import { javaDate } from '@zooid/server/files';

let cachedSecond = Number.NaN;
let cachedShort = '';
let cachedLong = '';
let cachedLongSecond = Number.NaN;

let shortFormat: Intl.DateTimeFormat | undefined;

/**
 * Java's `DateFormat.getDateTimeInstance(SHORT, LONG)` for English, in the time zone of the process: `11/20/26, 4:46:07 PM UTC`.
 * Java 20 and later put a narrow blank before PM; those before, and this, a plain one.
 */
export function javaShortDate(wallMs: number): string {
  const second = Math.floor(wallMs / 1000);
  if (second === cachedSecond) return cachedShort;
  shortFormat ??= new Intl.DateTimeFormat('en-US', {
    year: '2-digit',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h12',
    timeZoneName: 'short',
  });
  const parts: Record<string, string> = {};
  for (const { type, value } of shortFormat.formatToParts(inRange(wallMs))) parts[type] = value;
  const { month, day, year, hour, minute, second: seconds, dayPeriod, timeZoneName } = parts;
  cachedSecond = second;
  cachedShort = `${month}/${day}/${year}, ${hour}:${minute}:${seconds} ${dayPeriod} ${timeZoneName}`;
  return cachedShort;
}

/** Java's `Date.toString`, in the time zone of the process: `Fri Nov 20 16:46:07 UTC 2026`. */
export function javaLongDate(wallMs: number): string {
  const second = Math.floor(wallMs / 1000);
  if (second !== cachedLongSecond) {
    cachedLongSecond = second;
    cachedLong = javaDate(inRange(wallMs));
  }
  return cachedLong;
}

/** ISO 8601 in UTC, for JSON. */
export function isoTime(wallMs: number): string {
  return new Date(inRange(wallMs)).toISOString();
}

/** A damaged file may hold any number; JavaScript's dates end earlier than Java's. */
function inRange(wallMs: number): number {
  return Math.max(-8.64e15, Math.min(8.64e15, wallMs));
}
