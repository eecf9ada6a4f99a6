// Brings a checkout to where its programs can run: dependencies installed, sources compiled. Decides cheaply whether
// there is anything to do, so that a second start is immediate. Plain JavaScript without dependencies: on a fresh
// clone there is nothing else.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isBundleFresh } from '../packages/cli/bin/entry-point.mjs';

/** The root of the checkout. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** package.json asks for the same. */
const NODE_VERSION_MIN = [20, 19];

/** What the outcome depends on besides the sources. */
const SETTINGS = ['package-lock.json', 'tsconfig.base.json', 'tsconfig.json', 'scripts/bundle.mjs'];

/** Where the modules of the command are compiled to, which are bundled then. */
const COMMAND = join(root, 'packages/cli/dist');

/**
 * Installs what is missing, compiles what changed, and bundles the command if it is part of that. Says on standard
 * output what it does, nothing if nothing is to do. Ends the process with its own message if one of them fails.
 * @param {string} project the directory to compile with everything it refers to, relative to the root
 */
export function setUp(project) {
  checkNode();
  if (!isInstalled()) install();
  const state = buildState(project);
  const wasBuilt = isBuilt(state);
  if (!wasBuilt) build(project, state);
  const hasCommand = state.outputs.some((file) => file.startsWith(COMMAND));
  if (hasCommand && !(wasBuilt && isBundleFresh())) bundle();
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [majorMin = 0, minorMin = 0] = NODE_VERSION_MIN;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  fail(
    `Node ${process.versions.node} is too old: Zooid needs ${NODE_VERSION_MIN.join('.')} or later.`,
  );
}

/**
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean }} LockedPackage
 */

/**
 * Whether node_modules holds what package-lock.json asks for. npm writes its own list into node_modules as the last
 * step of an installation, so an interrupted one has none, or the old one.
 */
export function isInstalled(directory = root) {
  const wanted = readLock(join(directory, 'package-lock.json'));
  const found = readLock(join(directory, 'node_modules/.package-lock.json'));
  if (wanted === undefined || found === undefined) return false;
  for (const [path, locked] of Object.entries(wanted)) {
    if (!path.includes('node_modules/')) continue;
    const installed = found[path];
    if (installed === undefined) {
      // Packages for other systems are in the lock file only.
      if (locked.optional === true) continue;
      return false;
    }
    if (installed.version !== locked.version || installed.integrity !== locked.integrity)
      return false;
    if (!existsSync(join(directory, path, 'package.json'))) return false;
  }
  return true;
}

/**
 * @param {string} file
 * @returns {Record<string, LockedPackage> | undefined} undefined if there is no such file, or half of one
 */
function readLock(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function install() {
  const nodeModules = join(root, 'node_modules');
  if (existsSync(nodeModules) && !existsSync(join(nodeModules, '.package-lock.json'))) {
    console.log('An installation was interrupted: beginning again without node_modules.');
    rmSync(nodeModules, { recursive: true });
  }
  // Not `npm ci`: it refuses a lock file that leaves out packages for other systems, which registries that mirror only
  // some of them produce. `--no-save` keeps the lock file as it is; its versions are what gets installed.
  console.log('Installing dependencies (npm install) ...');
  const started = Date.now();
  const npm = process.env['npm_execpath'];
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const result =
    npm?.endsWith('.js') === true
      ? spawnSync(process.execPath, [npm, ...args], {
          cwd: root,
          stdio: ['ignore', 'inherit', 'inherit'],
        })
      : spawnSync('npm', args, {
          cwd: root,
          stdio: ['ignore', 'inherit', 'inherit'],
          shell: process.platform === 'win32',
        });
  if (result.status !== 0) fail('npm could not install the dependencies; its messages are above.');
  if (!isInstalled())
    fail('npm ended well, but node_modules is not complete. Delete node_modules and try again.');
  console.log(`Installed in ${seconds(started)}.`);
}

/**
 * What a build depends on and where the proof of it lies.
 * @typedef {{ fingerprint: string, stamp: string, outputs: string[] }} BuildState
 */

/**
 * @param {string} project
 * @returns {BuildState}
 */
function buildState(project) {
  const projects = withReferences(project);
  const hash = createHash('sha256');
  hash.update(process.versions.node);
  for (const file of SETTINGS) addFile(hash, join(root, file));
  /** @type {string[]} */
  const outputs = [];
  for (const directory of projects) {
    addFile(hash, join(root, directory, 'tsconfig.json'));
    addFile(hash, join(root, directory, 'package.json'));
    addTree(hash, join(root, directory, 'src'), join(root, directory, 'dist'), outputs);
  }
  return {
    fingerprint: hash.digest('hex'),
    stamp: join(root, 'node_modules/.cache/zooid', `built-${project.replaceAll('/', '-')}`),
    outputs,
  };
}

/**
 * A project and all that its tsconfig.json refers to.
 * @param {string} project
 * @param {Set<string>} seen
 * @returns {string[]}
 */
function withReferences(project, seen = new Set()) {
  if (seen.has(project)) return [];
  seen.add(project);
  const text = readFileSync(join(root, project, 'tsconfig.json'), 'utf8');
  const found = [...text.matchAll(/"path":\s*"([^"]+)"/g)].flatMap(([, path = '']) =>
    withReferences(relative(root, join(root, project, path)).replaceAll('\\', '/'), seen),
  );
  return existsSync(join(root, project, 'src')) && project !== '' ? [project, ...found] : found;
}

/**
 * @param {import('node:crypto').Hash} hash
 * @param {string} path of the sources
 * @param {string} output where they are compiled to
 * @param {string[]} outputs gets what the compiler makes of each source
 */
function addTree(hash, path, output, outputs) {
  for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) {
      addTree(hash, child, join(output, entry.name), outputs);
      continue;
    }
    addFile(hash, child);
    if (/(?<!\.d)\.ts$/.test(entry.name))
      outputs.push(join(output, entry.name.replace(/ts$/, 'js')));
  }
}

/**
 * Size and time of change stand for the content: reading it all would take longer than all the rest.
 * @param {import('node:crypto').Hash} hash
 * @param {string} path
 */
function addFile(hash, path) {
  const { mtimeMs, size } = statSync(path);
  hash.update(`${path}\0${mtimeMs}\0${size}\n`);
}

/** @param {BuildState} state */
function isBuilt({ fingerprint, stamp, outputs }) {
  if (!outputs.every((file) => existsSync(file))) return false;
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint;
}

/**
 * @param {string} project
 * @param {BuildState} state
 */
function build(project, { fingerprint, stamp, outputs }) {
  console.log(`Compiling (tsc --build${project === '' ? '' : ` ${project}`}) ...`);
  const started = Date.now();
  rmSync(stamp, { force: true });
  const args = ['--build', project === '' ? '.' : project];
  let result = runTool('typescript/bin/tsc', args);
  // The compiler trusts its own notes and does not see that somebody deleted what it had made.
  const isIncomplete = result === 0 && !outputs.every((file) => existsSync(file));
  if (isIncomplete) result = runTool('typescript/bin/tsc', [...args, '--force']);
  if (result !== 0) fail('The sources do not compile; the messages are above.');
  mkdirSync(join(stamp, '..'), { recursive: true });
  writeFileSync(stamp, fingerprint);
  console.log(`Compiled in ${seconds(started)}.`);
}

function bundle() {
  if (runTool('../scripts/bundle.mjs', []) !== 0)
    fail('The command could not be bundled; the messages are above.');
}

/**
 * Runs a tool of node_modules in the root of the checkout.
 * @param {string} path of its script, below node_modules
 * @param {readonly string[]} args
 * @returns {number} its exit code
 */
export function runTool(path, args) {
  const result = spawnSync(process.execPath, [join(root, 'node_modules', path), ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return result.status ?? 1;
}

/** @param {number} startedMs */
export function seconds(startedMs) {
  return `${((Date.now() - startedMs) / 1000).toFixed(1)} s`;
}

/**
 * @param {string} message
 * @returns {never}
 */
export function fail(message) {
  console.error(message);
  process.exit(1);
}
