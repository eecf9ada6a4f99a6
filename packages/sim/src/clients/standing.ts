/** What a process keeps for as long as it lives, by sessions of its own, that one after the other may end. */
export interface Standing {
  /** What is wrong with it when the ensemble is at rest, which may need a moment to pass; undefined when nothing is. */
  readonly problem: string | undefined;
}
