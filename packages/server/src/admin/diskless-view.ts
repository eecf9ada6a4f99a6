import { ServerView } from './server-view.ts';

/** The view of a server whose data is in memory: it has no directories. */
export class DisklessView extends ServerView {
  override get lastSnapshot(): undefined {
    return undefined;
  }

  override dataDirBytes(): number {
    return 0;
  }

  override dataLogDirBytes(): number {
    return 0;
  }
}
