import { shellCommandNames } from './command-list.ts';

/** The command that was probably meant: at most two letters are others, or only capitals; undefined if there is none. */
export function nearestCommand(name: string): string | undefined {
  const wanted = name.toLowerCase().slice(0, LENGTH_MAX);
  let best = Math.min(2, Math.ceil(wanted.length / 2)) + 1;
  let nearest: string | undefined;
  for (const candidate of shellCommandNames) {
    const letters = distance(wanted, candidate.toLowerCase());
    if (letters >= best) continue;
    best = letters;
    nearest = candidate;
  }
  return nearest;
}

const LENGTH_MAX = 40;

/** Letters to insert, delete or replace. */
function distance(left: string, right: string): number {
  let above = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const replaced = above[column - 1]! + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, above[column]! + 1, current[column - 1]! + 1));
    }
    above = current;
  }
  return above[right.length]!;
}
