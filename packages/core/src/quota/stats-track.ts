/**
 * Numbers of a quota: the limits that were set, or what a subtree holds.
 *
 *     text  := "count=" N ",bytes=" N [ "=" ( ";" key "=" N )+ ]        keys sorted
 *
 * The lone "=" after the bytes keeps parsers of 3.6 and before from seeing the rest. Keys beside
 * count and bytes are countHardLimit and byteHardLimit (3.7 and later). -1 is no limit, or not known.
 *
 * Source: StatsTrack.
 */
export class StatsTrack {
  readonly #values = new Map<string, number>();

  get count(): number {
    return this.#values.get('count') ?? -1;
  }

  set count(value: number) {
    this.#values.set('count', value);
  }

  get bytes(): number {
    return this.#values.get('bytes') ?? -1;
  }

  set bytes(value: number) {
    this.#values.set('bytes', value);
  }

  get countHardLimit(): number {
    return this.#values.get('countHardLimit') ?? -1;
  }

  set countHardLimit(value: number) {
    this.#values.set('countHardLimit', value);
  }

  get byteHardLimit(): number {
    return this.#values.get('byteHardLimit') ?? -1;
  }

  set byteHardLimit(value: number) {
    this.#values.set('byteHardLimit', value);
  }

  /**
   * Reads pairs in any order, separated by commas and semicolons. What is no pair of a key and a whole
   * number is left out, where Apache's server would stop: any client may write this text.
   */
  static parse(text: string): StatsTrack {
    const track = new StatsTrack();
    for (const pair of text.split(/[,;]+/)) {
      const [key, value] = pair.split('=');
      if (key === undefined || key === '' || value === undefined) continue;
      if (value === '') track.#values.set(key, -1);
      else if (/^[+-]?[0-9]{1,19}$/.test(value)) track.#values.set(key, Number(value));
    }
    return track;
  }

  toString(): string {
    let text = `count=${this.count},bytes=${this.bytes}`;
    const others = [...this.#values.keys()].filter((key) => key !== 'count' && key !== 'bytes');
    if (others.length === 0) return text;
    text += '=';
    for (const key of others.sort()) text += `;${key}=${this.#values.get(key)}`;
    return text;
  }
}
