/** The only source of chance in the core. Production seeds it from entropy, tests with a constant. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
}
