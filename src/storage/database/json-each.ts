import { sql, type AliasedRawBuilder } from 'kysely';

interface JsonRow {
  /** Index in the array. */
  readonly key: number;
  readonly value: string;
}

/** Lone halves of surrogate pairs, and NUL: libsql aborts the process when it reads the one, and cuts a text at the other. */
const UNSAFE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]|\0/g;

/** JSON that SQLite's functions for JSON may take apart; characters that it cannot hold become U+FFFD. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'string' ? part.replace(UNSAFE, '\uFFFD') : part,
  );
}

/** The elements of an array of texts as a table: one parameter for any number of rows. */
export function jsonEach(texts: readonly string[]): AliasedRawBuilder<JsonRow, 'each'> {
  return sql<JsonRow>`json_each(${JSON.stringify(texts)})`.as('each');
}
