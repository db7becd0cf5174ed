import type { Content } from './content';
import { loadClip, type Clip } from './media/clip';
import { buildSchedule, type Schedule } from './media/schedule';
import { Timeline } from './media/timeline';

const MAX_CLIPS = 20;
const MAX_SCHEDULES = 20;

/** The broadcasts of all contents. Contents with the same clip and bit rate share their data. */
export class Broadcasts {
  private readonly timelines = new Map<Content, Timeline>();
  private readonly schedules = new Map<string, Schedule>();
  private readonly clips = new Map<string, Clip>();

  constructor(private readonly usualClip: Clip) {}

  /** @throws Error if the content's clip cannot be played, or not at its bit rate */
  of(content: Content): Timeline {
    const existing = this.timelines.get(content);
    if (existing) return existing;
    const { clipPath, bitrateMbps, ptsOffsetTicks } = content.settings;
    const audioOnly = content.media === 'audio';
    const clip = this.clip(clipPath);
    const schedule = this.schedule(clip, clipPath, bitrateMbps, audioOnly);
    const { infohash, name } = content;
    const timeline = new Timeline(clip, schedule, { infohash, name, audioOnly, ptsOffsetTicks });
    this.timelines.set(content, timeline);
    return timeline;
  }

  /** Call if its settings have changed, or if it was removed. */
  forget(content: Content): void {
    this.timelines.delete(content);
  }

  private clip(path: string | null): Clip {
    if (path === null) return this.usualClip;
    const known = this.clips.get(path);
    if (known) return known;
    const clip = loadClip(path);
    if (this.clips.size >= MAX_CLIPS) this.clips.clear();
    this.clips.set(path, clip);
    return clip;
  }

  private schedule(clip: Clip, path: string | null, mbps: number, audioOnly: boolean): Schedule {
    const name = `${mbps} ${audioOnly ? 'audio' : 'video'} ${path ?? ''}`;
    const known = this.schedules.get(name);
    if (known) return known;
    const schedule = buildSchedule(clip, mbps, audioOnly);
    if (this.schedules.size >= MAX_SCHEDULES) this.schedules.clear();
    this.schedules.set(name, schedule);
    return schedule;
  }
}
