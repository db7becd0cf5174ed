/** A channel that every simulated engine knows. Content ids and infohashes are 40 hex digits and never equal. */
export interface CatalogueEntry {
  readonly id: string;
  readonly infohash: string;
  readonly name: string;
  readonly media: 'video' | 'audio';
  readonly isLive: 0 | 1;
  /** Null: the value of `--bitrate`. */
  readonly bitrateMbps: number | null;
  /** Pre-buffering before the first media, ms. Null: the value of `--start-delay`. */
  readonly startDelayMs: number | null;
  readonly peers: number;
  readonly categories: readonly string[];
}

/** The demo channels: the only contents of an engine without `--any-content`. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  {
    id: '7e57ca4d00000000000000000000000000000001',
    infohash: '3ac1f5d06b7e42988f0d51c4e2b9a7636d80f101',
    name: 'Test card',
    media: 'video',
    isLive: 1,
    bitrateMbps: null,
    startDelayMs: null,
    peers: 12,
    categories: ['informational'],
  },
  {
    id: '7e57ca4d00000000000000000000000000000002',
    infohash: '91d3b8e47f2a4c05b6e8d1730fa2c95e4b17f202',
    name: 'Test card 2',
    media: 'video',
    isLive: 1,
    bitrateMbps: null,
    startDelayMs: null,
    peers: 31,
    categories: ['informational'],
  },
  {
    id: '7e57ca4d00000000000000000000000000000003',
    infohash: 'c84e09b7a15d4f3296d07be18c3f52a4e90bf303',
    name: 'Test card, slow start',
    media: 'video',
    isLive: 1,
    bitrateMbps: null,
    startDelayMs: 12_000,
    peers: 2,
    categories: ['informational'],
  },
  {
    id: '7e57ca4d00000000000000000000000000000004',
    infohash: '0f6a92dc31b84e7d85c3a9f47be026d15c78f404',
    name: 'Radio tone',
    media: 'audio',
    isLive: 1,
    bitrateMbps: 1,
    startDelayMs: null,
    peers: 5,
    categories: ['music'],
  },
  {
    id: '7e57ca4d00000000000000000000000000000005',
    infohash: '5bd7e3108c9f46a2b1740ecd6938fa25d71cf505',
    name: 'Test card, recorded',
    media: 'video',
    isLive: 0,
    bitrateMbps: null,
    startDelayMs: null,
    peers: 8,
    categories: ['movies'],
  },
];
