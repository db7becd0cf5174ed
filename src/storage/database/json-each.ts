import { sql, type AliasedRawBuilder } from 'kysely';

interface JsonRow {
  /** Index in the array. */
  readonly key: number;
  readonly value: string;
}

/** The elements of an array of texts as a table: one parameter for any number of rows. */
export function jsonEach(texts: readonly string[]): AliasedRawBuilder<JsonRow, 'each'> {
  return sql<JsonRow>`json_each(${JSON.stringify(texts)})`.as('each');
}
