/** Source: QuorumCnxManager.Listener. */
const LISTEN_AGAIN_MS = 1000;

/** The pause before a port is tried again that somebody else has. */
export class ListenPause {
  #end: () => void = () => {};

  /** Resolves when the pause is over, or ended. One at a time. */
  pass(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LISTEN_AGAIN_MS);
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends the pause, if there is one. */
  end(): void {
    this.#end();
  }
}
