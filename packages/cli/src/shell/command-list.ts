// Every command of the shell. A new one is a file in src/shell/commands and a line here.

import type { ShellCommand } from './command.ts';
import { addAuth } from './commands/add-auth.ts';
import { addWatch } from './commands/add-watch.ts';
import { apply } from './commands/apply.ts';
import { close } from './commands/close.ts';
import { config } from './commands/config.ts';
import { connect } from './commands/connect.ts';
import { cp } from './commands/cp.ts';
import { create } from './commands/create.ts';
import { delQuota } from './commands/del-quota.ts';
import { deleteOne } from './commands/delete.ts';
import { deleteAll } from './commands/delete-all.ts';
import { edit } from './commands/edit.ts';
import { exportTree } from './commands/export.ts';
import { find } from './commands/find.ts';
import { get } from './commands/get.ts';
import { getAcl } from './commands/get-acl.ts';
import { getAllChildrenNumber } from './commands/get-all-children-number.ts';
import { getEphemerals } from './commands/get-ephemerals.ts';
import { help } from './commands/help.ts';
import { history } from './commands/history.ts';
import { importTree } from './commands/import.ts';
import { listQuota } from './commands/list-quota.ts';
import { ls } from './commands/ls.ts';
import { mv } from './commands/mv.ts';
import { printWatches } from './commands/print-watches.ts';
import { exit, quit } from './commands/quit.ts';
import { reconfig } from './commands/reconfig.ts';
import { redo } from './commands/redo.ts';
import { removeWatches } from './commands/remove-watches.ts';
import { set } from './commands/set.ts';
import { setAcl } from './commands/set-acl.ts';
import { setQuota } from './commands/set-quota.ts';
import { stat } from './commands/stat.ts';
import { sync } from './commands/sync.ts';
import { tree } from './commands/tree.ts';
import { version } from './commands/version.ts';
import { watch } from './commands/watch.ts';
import { whoAmI } from './commands/who-am-i.ts';

/** All of them, by name. */
export const shellCommands: readonly ShellCommand[] = [
  addWatch,
  addAuth,
  apply,
  close,
  config,
  connect,
  cp,
  create,
  deleteOne,
  deleteAll,
  delQuota,
  edit,
  exit,
  exportTree,
  find,
  get,
  getAcl,
  getAllChildrenNumber,
  getEphemerals,
  help,
  history,
  importTree,
  listQuota,
  ls,
  mv,
  printWatches,
  quit,
  reconfig,
  redo,
  removeWatches,
  set,
  setAcl,
  setQuota,
  stat,
  sync,
  tree,
  version,
  watch,
  whoAmI,
];

/** Their names. */
export const shellCommandNames: readonly string[] = shellCommands.map(({ name }) => name);

/** The command of this name, by its exact letters. */
export function findCommand(name: string): ShellCommand | undefined {
  return shellCommands.find((command) => command.name === name);
}
