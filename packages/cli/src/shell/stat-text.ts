import type { Stat } from '@zooid/client';
import { isoTime, javaLongDate } from '../files/java-time.ts';

/** A stat in lines. Source: StatPrinter. */
export function statText(stat: Stat): string {
  return [
    `cZxid = ${hex(stat.czxid)}`,
    `ctime = ${javaLongDate(stat.ctime)}`,
    `mZxid = ${hex(stat.mzxid)}`,
    `mtime = ${javaLongDate(stat.mtime)}`,
    `pZxid = ${hex(stat.pzxid)}`,
    `cversion = ${stat.cversion}`,
    `dataVersion = ${stat.version}`,
    `aclVersion = ${stat.aversion}`,
    `ephemeralOwner = ${hex(stat.ephemeralOwner)}`,
    `dataLength = ${stat.dataLength}`,
    `numChildren = ${stat.numChildren}`,
  ].join('\n');
}

/** A stat for `--json`: 64-bit numbers are hexadecimal texts, times ISO 8601. */
export function statJson(stat: Stat): object {
  return {
    czxid: hex(stat.czxid),
    ctime: isoTime(stat.ctime),
    mzxid: hex(stat.mzxid),
    mtime: isoTime(stat.mtime),
    pzxid: hex(stat.pzxid),
    cversion: stat.cversion,
    dataVersion: stat.version,
    aclVersion: stat.aversion,
    ephemeralOwner: hex(stat.ephemeralOwner),
    dataLength: stat.dataLength,
    numChildren: stat.numChildren,
  };
}

function hex(value: bigint): string {
  return `0x${BigInt.asUintN(64, value).toString(16)}`;
}
