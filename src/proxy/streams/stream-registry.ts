import { BlockList, isIPv6 } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type AppConfig } from '../../config';
import { leastMissed } from '../../engines';
import { infohashKey, streamKey, type StreamKey } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import type { Stream, StreamSnapshot } from './stream';
import type { EndReason } from './stream.types';
import { ViewerLimits } from './viewer-limits';

const MAX_PAST_STREAMS = 200;

export type RegistryConfig = Pick<
  AppConfig,
  | 'proxyMaxSessions'
  | 'proxyMaxClients'
  | 'proxyMaxClientsPerStream'
  | 'proxyMaxClientsPerIp'
  | 'trustedProxies'
>;

/** Every stream of every kind: those under way, by id and by every key they are known under, and the last that are over. */
@Injectable()
export class StreamRegistry {
  /** Viewers of all streams together. */
  readonly limits: ViewerLimits;
  private readonly streams = new Set<Stream>();
  private readonly byKey = new Map<StreamKey, Stream>();
  /** Snapshots only: a stream that is over must not keep its history alive. */
  private readonly past: StreamSnapshot[] = [];
  private readonly listeners: ((stream: Stream) => void)[] = [];
  private isClosing = false;

  constructor(@Inject(CONFIG) private readonly config: RegistryConfig) {
    const exempt = exemptAddresses(config.trustedProxies);
    this.limits = new ViewerLimits(
      {
        total: config.proxyMaxClients,
        perStream: config.proxyMaxClientsPerStream,
        perIp: config.proxyMaxClientsPerIp,
      },
      (ip) => exempt.check(ip, isIPv6(ip) ? 'ipv6' : 'ipv4'),
    );
  }

  /** Streams under way, oldest first. */
  list(): Stream[] {
    return [...this.streams];
  }

  /** Streams that are over, newest first. */
  listPast(): readonly StreamSnapshot[] {
    return this.past;
  }

  /** A stream under way by its public id, by its infohash, or by an id that turned out to be the same content. */
  find(id: string): Stream | null {
    for (const stream of this.streams) if (stream.id === id) return stream;
    for (const stream of this.streams) if (stream.infohash === id) return stream;
    const asContent = streamKey({ kind: 'content_id', value: id, fileIndex: 0 });
    return this.byKey.get(asContent) ?? this.byKey.get(infohashKey(id, 0)) ?? null;
  }

  /** The newest stream of this id that is over. */
  findPast(id: string): StreamSnapshot | null {
    return this.past.find((stream) => stream.id === id || stream.infohash === id) ?? null;
  }

  /** The stream that is known under a key; null when there is none. */
  at(key: StreamKey): Stream | null {
    return this.byKey.get(key) ?? null;
  }

  /** @throws AppError `shutting_down`, `no_capacity` */
  mustAdmit(): void {
    this.mustBeOpen();
    const isFull = (): boolean => this.streams.size >= this.config.proxyMaxSessions;
    if (!isFull()) return;
    // Ended at once, and then the place is free.
    void leastMissed(this.list().filter(({ holdsSlot }) => holdsSlot))?.end('reclaimed');
    if (!isFull()) return;
    const detail = `All ${this.config.proxyMaxSessions} places for streams are taken.`;
    throw new AppError('no_capacity', detail);
  }

  /** @throws AppError `shutting_down` once the process is about to end */
  mustBeOpen(): void {
    if (this.isClosing) throw new AppError('shutting_down', 'The proxy is about to end.');
  }

  get isOpen(): boolean {
    return !this.isClosing;
  }

  add(stream: Stream): void {
    this.streams.add(stream);
  }

  /** From now on the stream is found under this key, and no other stream is. */
  bind(key: StreamKey, stream: Stream): void {
    this.byKey.set(key, stream);
  }

  /** The stream is no longer found under this key. */
  unbind(key: StreamKey, stream: Stream): void {
    if (this.byKey.get(key) === stream) this.byKey.delete(key);
  }

  /** The stream is found under this key only. */
  unbindOthers(key: StreamKey, stream: Stream): void {
    for (const [other, known] of this.byKey) {
      if (known === stream && other !== key) this.byKey.delete(other);
    }
  }

  /** The stream is over. Its snapshot is kept, unless another stream continues it. Call once. */
  over(stream: Stream): void {
    this.streams.delete(stream);
    for (const [key, known] of this.byKey) if (known === stream) this.byKey.delete(key);
    if (stream.endReason !== 'recorded') this.past.unshift(stream.snapshot());
    if (this.past.length > MAX_PAST_STREAMS) this.past.pop();
    for (const listener of this.listeners) listener(stream);
  }

  /** Calls back for every stream that is over from now on. */
  onOver(listener: (stream: Stream) => void): void {
    this.listeners.push(listener);
  }

  /** From now on no new viewer is let in. */
  close(): void {
    this.isClosing = true;
  }

  async endAll(reason: EndReason): Promise<void> {
    await Promise.all(this.list().map((stream) => stream.end(reason)));
  }
}

/** Loopback and our own reverse proxies speak for many viewers: no limit per address for them. */
function exemptAddresses(trusted: readonly string[]): BlockList {
  const list = new BlockList();
  list.addSubnet('127.0.0.0', 8, 'ipv4');
  list.addAddress('::1', 'ipv6');
  for (const entry of trusted) {
    const [address = '', prefix] = entry.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}
