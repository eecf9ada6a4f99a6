/** What is of use with real servers, too: a client that asks at random, and the checks of what it is told. */
export { type KnownTxn, Violation } from './checks/checks.ts';
export { type SentRequest, SessionChecks, type SessionView } from './checks/session-checks.ts';
export type { ClientSocket, ClientWorld } from './client-world.ts';
export { SeededRandom } from './random.ts';
export { SimulatedClient } from './simulated-client.ts';
export type { SocketHandler } from './simulated-network.ts';
