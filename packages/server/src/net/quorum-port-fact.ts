/** What an operator would want to know of the quorum port. */
export type QuorumPortFact =
  | { readonly kind: 'quorum-port-unavailable'; readonly port: number; readonly reason: string }
  | { readonly kind: 'leader-unreachable'; readonly address: string; readonly reason: string }
  | { readonly kind: 'quorum-too-many'; readonly address: string };
