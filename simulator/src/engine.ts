import { randomBytes } from 'node:crypto';
import { FaultBook, type RequestFaults } from './faults/fault-book';
import { ContentBook } from './contents';
import { Journal } from './journal';
import type { Clip } from './media/clip';
import type { EngineSettings, Options } from './options';
import { personalityFacts, type PersonalityFacts } from './personality';
import { Pacer } from './playback/pacer';
import type { ServedReader } from './playback/served-reader';
import { SessionTable, type EngineSession } from './sessions';
import { Signals } from './signals';

/** The state of a simulated engine, on which its HTTP API and its control API operate. */
export class Engine {
  readonly contents: ContentBook;
  readonly sessions: SessionTable;
  readonly faults = new FaultBook();
  readonly journal = new Journal();
  readonly pacer = new Pacer();
  readonly facts: PersonalityFacts;
  readonly accessToken: string;
  /** Limits of the rates (KB/s; 0: none) and the live buffer (seconds), by the names of the API. */
  readonly settings: EngineSettings;
  readonly readers = new Set<ServedReader>();
  readonly signals = new Signals();
  /** Media bytes sent to readers that have disconnected. */
  private pastBytes = 0;
  private peakReaders = 0;
  private peakReadersPerContent = 0;
  headRequests = 0;
  secondReaderViolations = 0;

  constructor(
    readonly options: Options,
    clip: Clip,
    readonly crash: (code: number) => void,
  ) {
    this.accessToken = options.accessToken ?? randomBytes(32).toString('hex');
    this.settings = { ...options.settings };
    this.contents = new ContentBook(options, clip);
    this.facts = personalityFacts(options.personality);
    this.sessions = new SessionTable(options, (session, end) => this.signals.ended(session, end));
  }

  readerOpened(reader: ServedReader): void {
    this.readers.add(reader);
    this.peakReaders = Math.max(this.peakReaders, this.readers.size);
    const { infohash } = reader.session.content;
    const same = [...this.readers].filter((one) => one.session.content.infohash === infohash);
    this.peakReadersPerContent = Math.max(this.peakReadersPerContent, same.length);
  }

  readerClosed(reader: ServedReader): void {
    this.readers.delete(reader);
    this.pastBytes += reader.bytes;
  }

  /** Whether this start is refused because the engine is full; a fault may end the oldest session instead. */
  isFull(faults: RequestFaults): boolean {
    const fault = faults.get('session_limit');
    const limit = fault?.number('limit', 1) ?? this.options.maxSessions;
    const open = this.sessions.list();
    if (open.length < limit) return false;
    if (fault?.text('how', 'fail') !== 'kill_oldest') return true;
    const oldest: EngineSession | undefined = open[0];
    if (oldest) this.sessions.end(oldest, 'replaced');
    return false;
  }

  counters(): Record<string, number> {
    const live = [...this.readers].reduce((sum, reader) => sum + reader.bytes, 0);
    return {
      ...this.sessions.counters(),
      readers: this.readers.size,
      peak_readers: this.peakReaders,
      peak_readers_per_content: this.peakReadersPerContent,
      head_requests: this.headRequests,
      second_reader_violations: this.secondReaderViolations,
      bytes: this.pastBytes + live,
    };
  }

  /** Resets faults, journal and counters to their state after a start; sessions and contents stay. */
  clear(): void {
    this.faults.clear();
    this.journal.clear();
    this.sessions.resetCounters();
    this.headRequests = 0;
    this.secondReaderViolations = 0;
    this.peakReaders = this.readers.size;
    this.peakReadersPerContent = 0;
    for (const reader of this.readers) this.readerOpened(reader);
  }

  close(): void {
    this.sessions.close();
    this.pacer.close();
    this.signals.close();
  }
}
