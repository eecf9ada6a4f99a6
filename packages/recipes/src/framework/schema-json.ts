import type { Allowance, DataValidator, Schema } from './schema.ts';

/**
 * Reads schemas from Curator's JSON: an array of objects with `name` and `path`, and perhaps `isRegex`, `schemaValidator`, `documentation`,
 * `ephemeral`, `sequential`, `watched`, `canBeDeleted` and `metadata`.
 *
 * @param validators - what `schemaValidator` names.
 * @throws SyntaxError when it is no JSON, or not of this form.
 */
export function parseSchemas(
  json: string,
  validators: Readonly<Record<string, DataValidator>> = {},
): Schema[] {
  const parsed: unknown = JSON.parse(json);
  if (!Array.isArray(parsed)) throw new SyntaxError('schemas are an array');
  return parsed.map((entry) => schemaOf(entry, validators));
}

function schemaOf(entry: unknown, validators: Readonly<Record<string, DataValidator>>): Schema {
  if (typeof entry !== 'object' || entry === null) throw problem(entry, 'a schema is an object');
  const fields = entry as Readonly<Record<string, unknown>>;
  const { name, path, isRegex = false, documentation = '', canBeDeleted = true } = fields;
  if (typeof name !== 'string') throw problem(entry, '"name" is missing');
  if (typeof path !== 'string') throw problem(entry, '"path" is missing');
  return {
    name,
    path: isRegex === true ? new RegExp(path) : path,
    documentation: String(documentation),
    dataValidator: validatorOf(entry, fields['schemaValidator'], validators),
    ephemeral: allowanceOf(entry, fields['ephemeral']),
    sequential: allowanceOf(entry, fields['sequential']),
    watched: allowanceOf(entry, fields['watched']),
    // True by Curator's documentation; its loader makes false of a field that is missing.
    canBeDeleted: canBeDeleted === true,
    metadata: metadataOf(fields['metadata']),
  };
}

function validatorOf(
  entry: unknown,
  name: unknown,
  validators: Readonly<Record<string, DataValidator>>,
): DataValidator | undefined {
  if (name === undefined) return undefined;
  const validator = typeof name === 'string' && Object.hasOwn(validators, name) && validators[name];
  if (!validator) throw problem(entry, `nobody gave a validator "${name}"`);
  return validator;
}

function allowanceOf(entry: unknown, value: unknown): Allowance {
  const text = value === undefined ? 'can' : String(value).toLowerCase();
  if (text === 'can' || text === 'must' || text === 'cannot') return text;
  throw problem(entry, `"${value}" is none of can, must, cannot`);
}

function metadataOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item)]));
}

function problem(entry: unknown, sentence: string): SyntaxError {
  return new SyntaxError(`${JSON.stringify(entry)}: ${sentence}`);
}
