/** Something that tests wait for: looked at again whenever something has happened. */
export class Happenings {
  readonly #waiting = new Set<() => void>();

  /** Something has happened. */
  tell(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** Resolves when this holds; never by time alone. */
  until(isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (!isSo()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }
}
