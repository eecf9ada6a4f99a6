// Files of znodes: what is not whole is refused before anything is written, and what stops in the middle says how far it came.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { connect, type ZooKeeper } from '@zooid/client';
import { startTestServer, type TestServer } from '@zooid/testing';
import fc from 'fast-check';
import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest';
import { JsonShapeError, jsonElements } from '../../src/shell/exchange/json-elements.ts';
import { readTreeNode, treeNodeText } from '../../src/shell/exchange/tree-node.ts';
import type { StartProgress } from '../../src/shell/progress.ts';
import { runLine } from '../../src/shell/run-line.ts';
import { ShellState, type ShellStreams } from '../../src/shell/shell-state.ts';
import type { Keyboard } from '../../src/terminal/screen.ts';

let server: TestServer;
let zk: ZooKeeper;
let directory: string;

beforeAll(async () => {
  server = await startTestServer();
  zk = await connect(server.connectString);
});

afterAll(async () => {
  await zk.close();
  await server.close();
});

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'zooid-exchange-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
});

function inDirectory(name: string): string {
  return join(directory, name);
}

/** Runs a line in a new shell. */
async function run(line: string, keyboard?: Keyboard, progress?: StartProgress) {
  let out = '';
  let errors = '';
  const streams: ShellStreams = {
    out: (text) => {
      out += text;
    },
    error: (text) => {
      errors += text;
    },
    keyboard,
    progress,
  };
  const modes = { usesJson: false, printsWatches: false };
  const shell = new ShellState(server.connectString, {}, streams, modes);
  await shell.connect(server.connectString);
  await runLine(shell, streams, line, new AbortController().signal, 'script');
  const code = shell.exitCode;
  await shell.close();
  return { out, errors, code };
}

let places = 0;

/** A path that no other test uses, and that is gone afterwards. */
function newPlace(): string {
  const path = `/place-${places++}`;
  onTestFinished(async () => void (await zk.deleteTree(path).catch(() => undefined)));
  return path;
}

describe('a list inside of a document', () => {
  async function* inChunks(text: string, sizes: readonly number[]): AsyncGenerator<string> {
    let at = 0;
    for (const size of sizes) {
      yield text.slice(at, at + size);
      at += size;
    }
    yield text.slice(at);
  }

  async function split(text: string, sizes: readonly number[] = []) {
    const elements: unknown[] = [];
    let frame: unknown;
    for await (const piece of jsonElements(inChunks(text, sizes), 'nodes')) {
      if (piece.kind === 'element') elements.push(JSON.parse(piece.text));
      else frame = JSON.parse(piece.text);
    }
    return { elements, frame };
  }

  test('is split as a JSON reader reads it, however it is written and cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue()),
        fc.record({ before: fc.jsonValue(), nodesBelow: fc.constant({ nodes: [1] }) }),
        fc.constantFrom(undefined, 1, 2),
        fc.array(fc.integer({ min: 1, max: 7 })),
        async (nodes, others, indent, sizes) => {
          const text = JSON.stringify({ ...others, nodes, after: '[' }, null, indent);
          const { elements, frame } = await split(text, sizes);
          // As JSON has it: it knows no -0.
          expect(elements).toEqual(JSON.parse(JSON.stringify(nodes)));
          expect(frame).toEqual(JSON.parse(JSON.stringify({ ...others, nodes: [], after: '[' })));
        },
      ),
    );
  });

  test('of which the end is missing is refused, wherever it is cut', async () => {
    const text = '{"a":[1],"nodes":[{"path":"/,]"},{"data":"x\\"]"}],"b":2}';
    for (let end = 0; end < text.length; end++) {
      const whole = split(text.slice(0, end));
      await expect(whole, text.slice(0, end)).rejects.toThrow(/ends in the middle|JSON/);
    }
    expect((await split(text)).elements).toHaveLength(2);
  });

  test.each(['{"nodes":[1,,2]}', '{"nodes":[1,]}', '[1]', '{"nodes":{}}', 'x'.repeat(70_000)])(
    '%.20s is none',
    async (text) => {
      await expect(split(text)).rejects.toThrow(JsonShapeError);
    },
  );
});

describe('a znode of a file', () => {
  test('comes back as it went in, whatever its data, ACL and path', () => {
    const name = fc
      .stringMatching(/^[ -.0-~\u00a0-\ud7ff]{1,8}$/)
      .filter((text) => !/^\.+$/.test(text));
    const node = fc.record({
      path: fc.array(name).map((names) => `/${names.join('/')}`),
      data: fc.oneof(
        fc.constant(undefined),
        fc.constant(null),
        fc.uint8Array(),
        fc.string({ unit: 'binary' }).map((text) => new TextEncoder().encode(text)),
        fc.constant(new TextEncoder().encode('\ufeffwith a mark')),
      ),
      acl: fc.option(
        fc.array(
          fc.record({
            scheme: fc.constantFrom('world', 'digest', 'x509'),
            id: fc.string(),
            perms: fc.integer({ min: 0, max: 31 }),
          }),
          { minLength: 1, maxLength: 3 },
        ),
        { nil: undefined },
      ),
    });
    fc.assert(
      fc.property(node, (before) => {
        const after = readTreeNode(JSON.parse(treeNodeText(before)));
        const bytes = (data: Uint8Array | null | undefined) => data && [...data];
        expect({ ...after, data: bytes(after.data) }).toEqual({
          ...before,
          data: bytes(before.data),
        });
      }),
    );
  });
});

const HEAD = '{"format":"zooid-tree","version":1,"root":"/refused","nodes":[';

describe('a file that is not right is refused before anything is written', () => {
  test.each([
    ['', 'it is empty'],
    ['hello', 'it ends in the middle'],
    ['{}', 'it ends in the middle'],
    ['{"nodes":[]}', 'no file of znodes: it has no "format": "zooid-tree"'],
    ['{"format":"zooid-tree","version":2,"root":"/a","nodes":[]}', 'version 2, this zooid reads 1'],
    ['{"format":"zooid-tree","version":1,"nodes":[]}', 'it has no root'],
    [`${HEAD}{"path":"/"}`, 'it ends in the middle'],
    [`${HEAD}{"path":"/"},{"path":"relative"}]}`, 'znode 2 (relative): Path must start with /'],
    [`${HEAD}{"path":"/"},{"path":"/a","Data":"x"}]}`, 'znode 2 (/a): it has a field "Data"'],
    [`${HEAD}{"path":"/a","data":5}]}`, 'its data is neither a text nor null'],
    [`${HEAD}{"path":"/a","data":"","base64":""}]}`, 'it has both data and base64'],
    [`${HEAD}{"path":"/a","base64":"?"}]}`, 'its base64 is none'],
    [`${HEAD}{"path":"/a","acl":["world"]}]}`, '"world" in its acl is no scheme:id:permissions'],
    [`${HEAD}{"path":"/a","acl":[]}]}`, 'its acl is no list'],
    [`${HEAD}{"path":"/" "data":""}]}`, 'it is no JSON in znode 1'],
    [`${HEAD}1]}`, 'znode 1: it is no object'],
    ['[{"h":{}}]', 'it is no list of trees with "h" and "t"'],
    ['[{"h":{"path":"/a","data":"?","acl":[]},"t":[]}]', 'the data of /a is not base64'],
    ['[{"h":{"path":"/a","data":"","acl":[{}]},"t":[]}]', 'an acl has the entry {}'],
    ['[{"h":', 'it is no JSON'],
  ])('%j', async (text, message) => {
    writeFileSync(inDirectory('file'), text);
    const { errors, code } = await run(`import ${inDirectory('file')}`);
    expect(errors).toContain(message);
    expect(errors).toContain(inDirectory('file'));
    expect(code).toBe(1);
    expect(await zk.exists('/refused')).toBeUndefined();
  });

  test('also if it is a part of one that was compressed', async () => {
    const whole = gzipSync(`${HEAD}${Array.from({ length: 500 }, (_, i) => `{"path":"/${i}"}`)}]}`);
    writeFileSync(inDirectory('half.gz'), whole.subarray(0, whole.length >> 1));
    const { errors } = await run(`import ${inDirectory('half.gz')}`);
    expect(errors).toBe(`${inDirectory('half.gz')}: it ends in the middle\n`);
  });
});

describe('export', () => {
  test('leaves what was there before when it fails, and nothing beside it', async () => {
    writeFileSync(inDirectory('before.json'), 'before');
    const { code } = await run(`export /absent ${inDirectory('before.json')}`);
    expect(code).toBe(1);
    expect(readdirSync(directory)).toEqual(['before.json']);
    expect(readFileSync(inDirectory('before.json'), 'utf8')).toBe('before');
  });

  test('of any tree, imported elsewhere, is the same tree again, in both forms', async () => {
    const name = fc.constantFrom('a', 'b', 'c', 'ü', 'long-name');
    const paths = fc.uniqueArray(
      fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/')),
      { maxLength: 12 },
    );
    const data = fc.uint8Array({ minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(paths, fc.array(data, { minLength: 1 }), async (below, datas) => {
        const [here, there] = [newPlace(), newPlace()];
        await zk.create(here, 'root');
        for (const [index, path] of below.entries()) {
          await zk.ensurePath(`${here}/${path}`);
          await zk.set(`${here}/${path}`, datas[index % datas.length]!);
        }
        await run(`export ${here} ${inDirectory('a.json')}`);
        await run(`import ${inDirectory('a.json')} ${there}`);
        await run(`export ${there} ${inDirectory('b.json')}`);
        const [a, b] = ['a', 'b'].map((file) =>
          JSON.parse(readFileSync(inDirectory(`${file}.json`), 'utf8')),
        );
        expect(b.nodes).toEqual(a.nodes);

        // Of ZooNavigator's form the names of the roots are a part; no data is empty data there.
        await run(`export -form zoonavigator ${here} ${inDirectory('c.gz')}`);
        await zk.deleteTree(there);
        await zk.create(there);
        expect((await run(`import ${inDirectory('c.gz')} ${there}`)).errors).toBe('');
        await run(`export ${there}${here} ${inDirectory('d.json')}`);
        const d = JSON.parse(readFileSync(inDirectory('d.json'), 'utf8'));
        const noNull = (node: { data?: unknown }) => ({
          ...node,
          ...(node.data === null && { data: '' }),
        });
        expect(d.nodes).toEqual(a.nodes.map(noNull));
        await zk.deleteTree(here);
        await zk.deleteTree(there);
      }),
      { numRuns: 15 },
    );
  });

  test('of the root leaves out what the servers keep for themselves', async () => {
    const place = newPlace();
    await zk.create(place, 'x');
    await run(`export / ${inDirectory('all.json')}`);
    const nodes: { path: string }[] = JSON.parse(
      readFileSync(inDirectory('all.json'), 'utf8'),
    ).nodes;
    expect(nodes.map(({ path }) => path)).toEqual(['/', place]);
    await run(`export -form zoonavigator / ${inDirectory('all.gz')}`);
    const trees: { h: { path: string } }[] = JSON.parse(
      gunzipSync(readFileSync(inDirectory('all.gz'))).toString(),
    );
    expect(trees.map(({ h }) => h.path)).toEqual([place]);
    await zk.delete(place);
    expect((await run(`import ${inDirectory('all.gz')}`)).out).toMatch(/^1 created/);
    await zk.delete(place);
    expect((await run(`import ${inDirectory('all.json')}`)).out).toBe(
      '1 created, 0 changed, 1 left as they are; 2 in the file\n',
    );
  });
});

/** A file of so many children. */
function writeFile(name: string, root: string, count: number): void {
  const children = Array.from(
    { length: count },
    (_, i) => `{"path":"/n${String(i).padStart(5, '0')}","data":"x"}`,
  );
  const nodes = ['{"path":"/"}', ...children].join(',\n');
  writeFileSync(
    inDirectory(name),
    `{"format":"zooid-tree","version":1,"root":"${root}","nodes":[\n${nodes}]}`,
  );
}

describe('import', () => {
  test('that begins with a znode that exists does nothing, and leaves it when it is told to skip', async () => {
    const place = newPlace();
    writeFile('many.json', place, 3000);
    await zk.create(place);
    await zk.create(`${place}/n01500`);
    const refused = await run(`import ${inDirectory('many.json')}`);
    expect(refused.errors).toMatch(/^Node already exists: .*\nNothing was imported/);

    const rest = await run(`import -existing skip ${inDirectory('many.json')}`);
    expect(rest.out).toBe('2999 created, 0 changed, 2 left as they are; 3001 in the file\n');
    expect(await zk.countDescendants(place)).toBe(3000);
  });

  test('that is stopped in the middle counts what is there', async () => {
    const place = newPlace();
    writeFile('many.json', place, 3000);
    // The same znode at the end once more: all before it is written.
    const text = readFileSync(inDirectory('many.json'), 'utf8').replace(
      /\]\}$/,
      ',{"path":"/n00000"}]}',
    );
    writeFileSync(inDirectory('many.json'), text);
    const { errors, code } = await run(`import ${inDirectory('many.json')}`);
    const there = (await zk.countDescendants(place)) + 1;
    expect(there).toBeGreaterThan(2000);
    expect(errors).toContain(
      `Stopped after ${there} created, 0 changed, 0 left as they are, of 3002`,
    );
    expect(errors).toContain('"-existing skip" goes on where it stopped.');
    expect(code).toBe(1);
  });

  test('whose connection is lost says what it does not know', async () => {
    const place = newPlace();
    await zk.create(place);
    writeFile('many.json', place, 3000);
    const cut = server.cutAfter({ direction: 'to-server', bytes: 60_000, ending: 'reset' });
    const { errors, code } = await run(`import -existing skip ${inDirectory('many.json')}`);
    expect(await cut.done).toBe(true);
    expect(code).toBe(1);
    expect(errors).toMatch(/ConnectionLoss/);
    expect(errors).toMatch(/\d+ more were sent without an answer: they may be there/);
    const rest = await run(`import -existing skip ${inDirectory('many.json')}`);
    expect(rest.code).toBe(0);
    expect(await zk.countDescendants(place)).toBe(3000);
  });
});

test('export, import and apply tell how far they have come, up to the last znode, and that they have ended', async () => {
  const place = newPlace();
  writeFile('some.json', place, 500);
  const told: string[] = [];
  const progress: StartProgress = async (label, total) => {
    let last = 0;
    return {
      report: (done) => {
        expect(done).toBeGreaterThanOrEqual(last);
        last = done;
      },
      end: () => void told.push(`${label} ${last}/${total}`),
    };
  };
  const file = inDirectory('some.json');
  await run(`import ${file}`, undefined, progress);
  await run(`export ${place} ${inDirectory('again.json')}`, undefined, progress);
  await run(`import -existing skip ${file}`, undefined, progress);
  writeFile('fewer.json', place, 300);
  await run(`apply -y -f ${inDirectory('fewer.json')}`, undefined, progress);
  expect(told).toEqual([
    'Importing 501/501',
    'Exporting 501/501',
    'Importing 501/501',
    'Applying 200/200',
  ]);
});

/** A person with an answer. */
function answering(answer: () => string | Promise<string>): Keyboard {
  return { ask: async () => answer(), lend: (work) => work() };
}

describe('apply', () => {
  test('does nothing without a yes, and all of it with one', async () => {
    const place = newPlace();
    writeFile('three.json', place, 2);
    const line = `apply -f ${inDirectory('three.json')}`;
    for (const answer of ['', 'n', 'yess']) {
      const { errors, code } = await run(
        line,
        answering(() => answer),
      );
      expect([errors, code]).toEqual(['Nothing was changed.\n', 1]);
      expect(await zk.exists(place)).toBeUndefined();
    }
    const { out, code } = await run(
      line,
      answering(() => 'Yes'),
    );
    expect([out.split('\n').at(-2), code]).toEqual(['3 changes made.', 0]);
    expect(await zk.countDescendants(place)).toBe(2);
  });

  test('does nothing at all when somebody else changes the tree while the question stands', async () => {
    const place = newPlace();
    await zk.create(place, 'mine');
    await run(`export ${place} ${inDirectory('one.json')}`);
    await zk.set(place, 'other');
    await zk.create(`${place}/more`);
    const { errors, code } = await run(
      `apply -f ${inDirectory('one.json')}`,
      answering(async () => {
        await zk.set(place, 'a third');
        return 'y';
      }),
    );
    expect(errors).toContain(`version No is not valid : ${place}`);
    expect(errors).toContain('Somebody else has changed the tree meanwhile. Nothing was changed.');
    expect(code).toBe(1);
    expect(await zk.exists(`${place}/more`)).toBeDefined();
  });

  test('of more than a transaction holds goes in parts, and the subtree is the file', async () => {
    const place = newPlace();
    writeFile('many.json', place, 6000);
    expect((await run(`apply -y -f ${inDirectory('many.json')}`)).out).toMatch(
      /\n6001 changes made\.\n$/,
    );
    writeFile('few.json', place, 10);
    expect((await run(`apply -y -f ${inDirectory('few.json')}`)).out).toMatch(
      /\n5990 changes made\.\n$/,
    );
    expect((await run(`apply -n -f ${inDirectory('few.json')}`)).out).toBe('No difference.\n');
  });

  test('leaves as it is what the file does not say, and makes parents that it leaves out', async () => {
    const place = newPlace();
    await zk.create(place, 'kept', { acl: [{ scheme: 'ip', id: '127.0.0.1', perms: 31 }] });
    const nodes = '[{"path":"/a/b"}]';
    const text = `{"format":"zooid-tree","version":1,"root":"${place}","nodes":${nodes}}`;
    writeFileSync(inDirectory('hand.json'), text);
    expect((await run(`apply -y -f ${inDirectory('hand.json')}`)).code).toBe(0);
    expect((await zk.get(place)).text()).toBe('kept');
    expect((await zk.get(`${place}/a/b`)).isNull).toBe(true);
    expect((await run(`apply -n -f ${inDirectory('hand.json')}`)).code).toBe(0);
  });

  test('refuses a file with a znode twice', async () => {
    const text = `{"format":"zooid-tree","version":1,"root":"/twice","nodes":[{"path":"/a"},{"path":"/a"}]}`;
    writeFileSync(inDirectory('twice.json'), text);
    expect((await run(`apply -y -f ${inDirectory('twice.json')}`)).errors).toBe(
      '/a is in the file twice\n',
    );
  });
});

describe('edit', () => {
  const ours = /What you wrote is in (\S+)\n$/;

  function withEditor(command: string): void {
    vi.stubEnv('VISUAL', command);
    onTestFinished(() => void vi.unstubAllEnvs());
  }

  test('keeps what was written when somebody else was faster', async () => {
    const place = newPlace();
    await zk.create(place, 'one');
    withEditor('sed -i s/one/two/');
    const keyboard: Keyboard = {
      ask: async () => '',
      lend: async (work) => {
        await zk.set(place, 'three');
        return work();
      },
    };
    const { errors, code } = await run(`edit ${place}`, keyboard);
    expect(errors).toContain(`somebody else has changed ${place} meanwhile.`);
    expect(code).toBe(1);
    const file = ours.exec(errors)?.[1] ?? '';
    expect(readFileSync(file, 'utf8')).toBe('two');
    rmSync(join(file, '..'), { recursive: true });
    expect((await zk.get(place)).text()).toBe('three');
  });

  test('writes nothing when the editor fails, and nothing stays behind when it does not', async () => {
    const place = newPlace();
    await zk.create(place, 'one');
    withEditor('false');
    const failed = await run(`edit ${place}`);
    expect(failed.errors).toMatch(
      /^false ended with 1: nothing was written\. What you wrote is in /,
    );
    rmSync(join(ours.exec(failed.errors)?.[1] ?? '', '..'), { recursive: true });

    // The editor tells where the file was.
    withEditor(`f() { sed -i 's/one/a "b"/' "$1"; echo "$1" > ${inDirectory('told')}; }; f`);
    expect((await run(`edit ${place}`)).code).toBe(0);
    expect((await zk.get(place)).text()).toBe('a "b"');
    const file = readFileSync(inDirectory('told'), 'utf8').trim();
    expect(file.endsWith(place)).toBe(true);
    expect(existsSync(join(file, '..'))).toBe(false);
  });

  test.each([
    ['no end of line', 'one', 'two'],
    ['its end of line', 'one\n', 'two\n'],
  ])('leaves data with %s as it was', async (_, before, after) => {
    const place = newPlace();
    await zk.create(place, before);
    // As editors do: the last line gets an end.
    withEditor(`f() { printf 'two\\n' > "$1"; }; f`);
    await run(`edit ${place}`);
    expect((await zk.get(place)).text()).toBe(after);
  });
});
