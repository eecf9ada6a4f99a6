import type { ZooKeeper } from '@zooid/client';
import type { ClientProcess } from './client-process.ts';
import { useCounter } from './counter-use.ts';
import { type MakeLock, useLatch, useMutex, useSemaphore } from './lock-uses.ts';
import { Program } from './program.ts';
import { useQueue } from './queue-use.ts';

/** A program that makes use of one recipe after another, of the mutex most often. */
export class RecipesProgram extends Program {
  readonly #makeLock: MakeLock;

  constructor(process: ClientProcess, makeLock: MakeLock) {
    super(process);
    this.#makeLock = makeLock;
  }

  protected override async step(zk: ZooKeeper): Promise<void> {
    const draw = this.random.next();
    if (draw < 0.5) await useMutex(this, zk, this.#makeLock);
    else if (draw < 0.6) await useSemaphore(this, zk);
    else if (draw < 0.7) await useLatch(this, zk);
    else if (draw < 0.9) await useQueue(this, zk);
    else await useCounter(this, zk);
  }
}
