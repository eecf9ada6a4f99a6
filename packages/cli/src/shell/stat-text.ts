import type { Stat } from '@zooid/client';
import { isoTime, javaLongDate } from '../files/java-time.ts';
import { factLines } from '../terminal/fact-lines.ts';
import type { ShellContext } from './command.ts';

/** Prints a stat: as Apache's shell does, or in two columns for a person. */
export function printStat(
  { screen, print }: Pick<ShellContext, 'screen' | 'print'>,
  stat: Stat,
): void {
  const facts = factsOf(stat);
  if (screen === undefined) print(facts.map(([name, value]) => `${name} = ${value}`).join('\n'));
  else screen.show(factLines(facts));
}

/** Source: StatPrinter. */
function factsOf(stat: Stat): readonly (readonly [name: string, value: string])[] {
  return [
    ['cZxid', hex(stat.czxid)],
    ['ctime', javaLongDate(stat.ctime)],
    ['mZxid', hex(stat.mzxid)],
    ['mtime', javaLongDate(stat.mtime)],
    ['pZxid', hex(stat.pzxid)],
    ['cversion', `${stat.cversion}`],
    ['dataVersion', `${stat.version}`],
    ['aclVersion', `${stat.aversion}`],
    ['ephemeralOwner', hex(stat.ephemeralOwner)],
    ['dataLength', `${stat.dataLength}`],
    ['numChildren', `${stat.numChildren}`],
  ];
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
