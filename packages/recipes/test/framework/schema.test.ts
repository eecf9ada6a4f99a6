import { describe, expect, test } from 'vitest';
import { parseSchemas, SchemaSet, SchemaViolationError } from '../../src/index.ts';
import { startSetup } from '../support/setup.ts';

const JSON_TEXT = JSON.stringify([
  { name: 'config', path: '/config/', ephemeral: 'cannot', canBeDeleted: false },
  {
    name: 'locks',
    path: '/locks/[^/]+',
    isRegex: true,
    ephemeral: 'MUST',
    sequential: 'must',
    watched: 'must',
    documentation: 'one for each job',
    metadata: { owner: 'ann', level: 3 },
  },
  {
    name: 'numbers',
    path: '/numbers/.*',
    isRegex: true,
    schemaValidator: 'digits',
    watched: 'cannot',
  },
]);
const validators = {
  digits: (_path: string, data: Uint8Array) => /^\d+$/.test(new TextDecoder().decode(data)),
};

describe("Curator's JSON", () => {
  test('is read field by field, with its defaults', () => {
    const [config, locks, numbers] = parseSchemas(JSON_TEXT, validators);
    expect(config).toMatchObject({ name: 'config', canBeDeleted: false, sequential: 'can' });
    expect(locks).toMatchObject({
      path: /\/locks\/[^/]+/,
      ephemeral: 'must',
      canBeDeleted: true,
      documentation: 'one for each job',
      metadata: { owner: 'ann', level: '3' },
    });
    expect(numbers?.dataValidator).toBe(validators.digits);
  });

  test('is refused when it is of another form', () => {
    for (const text of [
      '{}',
      '[1]',
      '[{"path":"/a"}]',
      '[{"name":"a"}]',
      '[{"name":"a","path":"/a","ephemeral":"perhaps"}]',
      '[{"name":"a","path":"/a","schemaValidator":"toString"}]',
    ]) {
      expect(() => parseSchemas(text), text).toThrow(SyntaxError);
    }
  });
});

describe('a schema set', () => {
  const schemas = new SchemaSet(parseSchemas(JSON_TEXT, validators));

  test('finds the schema of a path: the exact one, or one whose expression covers all of it', () => {
    expect(schemas.schemaOf('/config')?.name).toBe('config');
    expect(schemas.schemaOf('/locks/a')?.name).toBe('locks');
    expect(schemas.schemaOf('/locks/a/b')).toBeUndefined();
    expect(schemas.schemaOf('/x/locks/a')).toBeUndefined();
    const strict = new SchemaSet(schemas.schemas, { unknownPaths: 'refuse' });
    expect(() => strict.schemaOf('/other')).toThrow(SchemaViolationError);
  });

  test('says what is wrong with a request, and of which schema', () => {
    const violations: [() => void, string][] = [
      [() => schemas.checkCreate('/config', '', { mode: 'ephemeral' }), 'cannot be ephemeral'],
      [() => schemas.checkCreate('/locks/a', ''), 'must be ephemeral'],
      [() => schemas.checkCreate('/locks/a', '', { mode: 'ephemeral' }), 'must be sequential'],
      [() => schemas.checkCreate('/numbers/a', 'x'), 'data is not valid'],
      [() => schemas.checkCreate('/numbers/a', undefined), 'data is not valid'],
      [() => schemas.checkData('/numbers/a', new Uint8Array([65])), 'data is not valid'],
      [() => schemas.checkDelete('/config'), 'cannot be deleted'],
      [() => schemas.checkWatch('/locks/a', 'unwatched'), 'must be watched'],
      [() => schemas.checkWatch('/numbers/a', 'watched'), 'cannot be watched'],
    ];
    for (const [violate, sentence] of violations) expect(violate, sentence).toThrow(sentence);
    schemas.checkCreate('/locks/a', '', { mode: 'ephemeral-sequential' });
    schemas.checkCreate('/numbers/a', '17');
    schemas.checkDelete('/locks/a');
    schemas.checkCreate('/unknown', 'anything');
  });

  test('a client over it sends only what is allowed', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await zk.create('/numbers');
    const checked = schemas.over(zk);
    await expect(checked.create('/numbers/a', 'x')).rejects.toMatchObject({
      code: 'SCHEMA_VIOLATION',
      schema: 'numbers',
      path: '/numbers/a',
    });
    expect(await zk.exists('/numbers/a')).toBeUndefined();
    await checked.create('/numbers/a', '1');
    await expect(checked.set('/numbers/a', 'x')).rejects.toThrow(SchemaViolationError);
    await checked.set('/numbers/a', '2');
    const watching = checked.get('/numbers/a', { watch: true });
    await expect(watching).rejects.toThrow(SchemaViolationError);
    expect((await checked.get('/numbers/a')).text()).toBe('2');
    expect((await checked.children('/numbers')).names).toEqual(['a']);
    await checked.create('/config');
    await expect(checked.delete('/config')).rejects.toThrow(SchemaViolationError);
    await checked.delete('/numbers/a');
  });
});
