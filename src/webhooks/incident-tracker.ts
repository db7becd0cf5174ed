import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { type AppConfig, CONFIG } from '../config';
import { JobHandler, Jobs } from '../coordination';
import { describeEvent, type RecordedEvent } from '../events';
import { DataFolder, WebhookIncidentStore } from '../storage';
import { outlastsProcess, signalOf } from './incident-rules';
import {
  afterProblem,
  afterRecovery,
  afterTime,
  type Decision,
  type Fact,
  type Incident,
  mustBeKept,
  wakeAtMs,
} from './incidents';
import type { Notice } from './notice';

/** Beyond this number the oldest incidents are forgotten. */
const MAX_INCIDENTS = 1000;
const MAX_WAIT_MS = 24 * 60 * 60_000;

/** The incidents of all subjects. Those that receivers have heard of survive a restart. */
@Injectable()
export class IncidentTracker implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly store: WebhookIncidentStore;
  private readonly incidents = new Map<string, Incident>();
  private readonly stored = new Set<string>();
  private readonly listeners: ((notice: Notice) => void)[] = [];
  /** When the job runs next; Infinity if it is not scheduled. */
  private jobAtMs = Infinity;

  constructor(
    @Inject(CONFIG) private readonly config: Pick<AppConfig, 'webhookHoldMs'>,
    folder: DataFolder,
    private readonly jobs: Jobs,
  ) {
    this.store = new WebhookIncidentStore(folder);
  }

  async onModuleInit(): Promise<void> {
    for (const { key, state } of await this.store.list()) {
      this.incidents.set(key, restored(state as Incident, Date.now()));
      this.stored.add(key);
    }
  }

  onApplicationBootstrap(): void {
    this.scheduleNext();
  }

  onModuleDestroy(): Promise<void> {
    return this.store.close();
  }

  onNotice(listener: (notice: Notice) => void): void {
    this.listeners.push(listener);
  }

  /** Decides what an event means. */
  take(event: RecordedEvent, nowMs = Date.now()): void {
    const signal = signalOf(event);
    if (signal === null) return;
    const { role, subject, aspect, lapses } = signal;
    const fact = factOf(event);
    if (role === 'problem') {
      const key = `${subject} ${aspect ?? ''}`;
      const holdMs = this.config.webhookHoldMs;
      const incident = this.incidents.get(key) ?? null;
      this.keep(key, afterProblem(incident, subject, fact, nowMs, { holdMs, lapses }));
      const begun = this.incidents.get(key);
      if (begun !== undefined && wakeAtMs(begun) <= nowMs) this.keep(key, afterTime(begun, nowMs));
    } else {
      for (const key of this.keysOf(subject, aspect)) {
        const incident = this.incidents.get(key) ?? null;
        const decision = afterRecovery(incident, fact, nowMs);
        this.keep(key, role === 'end' ? { ...decision, notice: null } : decision);
      }
    }
    this.scheduleNext();
  }

  /** Forgets a subject that is gone, of which no event tells. */
  forget(subject: string): void {
    for (const key of this.keysOf(subject, null)) this.keep(key, { incident: null, notice: null });
  }

  /** Forgets everything. */
  clear(): void {
    for (const key of [...this.incidents.keys()]) this.keep(key, { incident: null, notice: null });
  }

  @JobHandler('webhook.incidents')
  passTime(): void {
    this.jobAtMs = Infinity;
    const nowMs = Date.now();
    for (const [key, incident] of [...this.incidents]) {
      if (wakeAtMs(incident) <= nowMs) this.keep(key, afterTime(incident, nowMs));
    }
    this.scheduleNext();
  }

  private keep(key: string, { incident, notice }: Decision): void {
    if (incident === null) this.incidents.delete(key);
    else this.incidents.set(key, incident);
    if (incident !== null && mustBeKept(incident)) {
      this.stored.add(key);
      this.store.put({ key, state: incident });
    } else if (this.stored.delete(key)) {
      this.store.remove(key);
    }
    if (notice !== null) for (const listener of this.listeners) listener(notice);
    if (this.incidents.size > MAX_INCIDENTS) this.forgetOldest();
  }

  private forgetOldest(): void {
    const oldest = [...this.incidents].reduce((a, b) =>
      a[1].changedAtMs <= b[1].changedAtMs ? a : b,
    );
    this.keep(oldest[0], { incident: null, notice: null });
  }

  private keysOf(subject: string, aspect: string | null): string[] {
    if (aspect !== null) return [`${subject} ${aspect}`];
    return [...this.incidents].filter(([, one]) => one.subject === subject).map(([key]) => key);
  }

  private scheduleNext(): void {
    let nextMs = Infinity;
    for (const incident of this.incidents.values()) nextMs = Math.min(nextMs, wakeAtMs(incident));
    if (nextMs === this.jobAtMs) return;
    this.jobAtMs = nextMs;
    if (nextMs === Infinity) {
      this.jobs.cancel('webhook.incidents', 'all');
      return;
    }
    // After a step of the wall clock, the job finds nothing to decide and is scheduled again.
    const delayMs = Math.min(Math.max(0, nextMs - Date.now()), MAX_WAIT_MS);
    this.jobs.schedule({ name: 'webhook.incidents', id: 'all', data: {} }, { delayMs });
  }
}

/**
 * A problem that lasts is reported again soon. Otherwise its end may never be told, as that of a breaker, which is closed
 * at each start: it would hide the next problem of the same subject for ever.
 */
function restored(incident: Incident, nowMs: number): Incident {
  if (outlastsProcess(incident.subject)) return incident;
  return { ...incident, lapses: true, reportedAtMs: nowMs };
}

function factOf(event: RecordedEvent): Fact {
  const { level, text } = describeEvent(event);
  const { id: eventId, type, time, payload } = event;
  return { type, level, text, time, eventId, details: { ...payload } };
}
