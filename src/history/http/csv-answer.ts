import { Readable } from 'node:stream';
import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from '../../http';
import { csvRow } from '../../kernel/csv';

type Value = string | number | boolean | null;
/** A list becomes one field with blanks between its entries, and counts by name become `name=count`. */
type Field = Value | readonly string[] | Readonly<Record<string, number>>;

/** Describes a handler that answers JSON, or a CSV file. */
export function ApiJsonOrCsv(dto: Type, description: string): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(dto),
    ApiResponse({
      status: 200,
      description,
      content: {
        'application/json': { schema: { $ref: getSchemaPath(dto) } },
        'text/csv': { schema: { type: 'string' } },
      },
    }),
  );
}

export function wantsCsv(format: 'json' | 'csv' | undefined, { headers }: FastifyRequest): boolean {
  if (format !== undefined) return format === 'csv';
  return /^\s*text\/csv\s*(?:[;,]|$)/i.test(headers.accept ?? '');
}

/**
 * Answers with a CSV file of all pages. The first page is read before the head is sent, because a failure must get its
 * own status; a failure after that breaks the connection.
 *
 * @param columns name the fields, in the order of the file
 * @param next returns the next page; empty after the last one
 */
export async function sendCsv<Entry extends object>(
  reply: FastifyReply,
  name: string,
  columns: readonly (keyof Entry & string)[],
  next: () => Promise<readonly Entry[]>,
): Promise<void> {
  const first = await next();
  void reply.headers({
    'Content-Type': 'text/csv; charset=utf-8; header=present',
    'Content-Disposition': `attachment; filename="${name}.csv"`,
    'Cache-Control': 'private, no-store',
  });
  async function* text(): AsyncGenerator<string, void> {
    yield csvRow(columns);
    for (let page = first; page.length > 0; page = await next()) {
      const rows = page.map((entry) =>
        csvRow(columns.map((column) => valueOf(entry[column] as Field))),
      );
      yield rows.join('');
    }
  }
  await reply.send(Readable.from(text(), { objectMode: false }));
}

function valueOf(field: Field): Value {
  if (field === null || typeof field !== 'object') return field;
  if (Array.isArray(field)) return field.join(' ');
  return Object.entries(field)
    .map(([key, count]) => `${key}=${count}`)
    .join(' ');
}
