/**
 * A copy of `items` in an order drawn at random; every order has the same chance.
 *
 * @param random - gives numbers in [0, 1).
 */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const item = result[i]!;
    result[i] = result[j]!;
    result[j] = item;
  }
  return result;
}
