import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { JOB_HANDLER, type JobHandlerMethod } from './job-handler';
import { JOB_NAMES, type JobName, type JobTable } from './job-table';

/** Calls the handler of a job. */
export abstract class JobRunner {
  /** @throws the error of the handler */
  abstract run<Name extends JobName>(
    name: Name,
    data: JobTable[Name],
    signal: AbortSignal,
  ): Promise<void>;
}

interface FoundHandler {
  readonly provider: { readonly instance: unknown };
  /** Class and method, for error messages. */
  readonly place: string;
  readonly method: string;
}

/**
 * The methods with `@JobHandler` of all providers. They are found before any of these providers exists, so that a
 * missing handler, or two for one job, fail the start before anything runs.
 */
@Injectable()
export class JobHandlers extends JobRunner {
  private readonly byName = new Map<JobName, FoundHandler>();

  /** @throws Error if a job has no handler, or two */
  constructor(discovery: DiscoveryService, scanner: MetadataScanner) {
    super();
    for (const provider of discovery.getProviders()) {
      const { metatype, inject } = provider;
      // A factory is a function as well, but not a class with methods.
      if (typeof metatype !== 'function' || inject !== undefined) continue;
      const prototype = metatype.prototype as Record<string, object>;
      for (const method of scanner.getAllMethodNames(prototype)) {
        const name = Reflect.getMetadata(JOB_HANDLER, prototype[method] as object) as unknown;
        if (name === undefined) continue;
        this.add(name as JobName, { provider, method, place: `${metatype.name}.${method}` });
      }
    }
    const missing = JOB_NAMES.filter((name) => !this.byName.has(name));
    if (missing.length === 0) return;
    throw new Error(`no provider has a method with @JobHandler for: ${missing.join(', ')}`);
  }

  override async run<Name extends JobName>(
    name: Name,
    data: JobTable[Name],
    signal: AbortSignal,
  ): Promise<void> {
    const handler = this.byName.get(name);
    if (handler === undefined) throw new Error(`job "${name}" has no handler`);
    const instance = handler.provider.instance as Record<string, JobHandlerMethod<Name>>;
    await instance[handler.method]?.(data, signal);
  }

  private add(name: JobName, handler: FoundHandler): void {
    const other = this.byName.get(name);
    if (other !== undefined) {
      throw new Error(`job "${name}" has two handlers: ${other.place} and ${handler.place}`);
    }
    this.byName.set(name, handler);
  }
}
