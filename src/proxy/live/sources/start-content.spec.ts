import type { SourceSelector, SourceKind } from '../../../kernel/content-selector';
import { engineSession, fault, ScriptedAce } from '../../testing/scripted-ace.spec-support';
import { selector } from '../../testing/live-stage.spec-support';
import { startContent, type StartedContent } from './start-content';

const ENGINE = { host: 'e1', port: 6878 };
const UNKNOWN = fault('content', 'unknown');

let ace: ScriptedAce;

beforeEach(() => {
  ace = new ScriptedAce();
});

function start(content: SourceSelector, mayTryOtherForm = true): Promise<StartedContent> {
  return startContent(ace, ENGINE, {
    selector: content,
    timeoutMs: 1000,
    mayTryOtherForm,
    signal: new AbortController().signal,
  });
}

describe('startContent', () => {
  it('asks once when the engine knows the content', async () => {
    const content = selector('a');
    expect(await start(content)).toEqual({ engineSession: engineSession(1), selector: content });
    expect(ace.log).toEqual(['start e1 content_id']);
  });

  it.each<[SourceKind, SourceKind]>([
    ['content_id', 'infohash'],
    ['infohash', 'content_id'],
  ])('asks for an unknown %s once more as %s, the same file of it', async (kind, other) => {
    ace.onStart = ({ number, selector: { kind: asked } }) =>
      asked === other ? engineSession(number) : Promise.reject(UNKNOWN);
    const handshake = await start(selector('a', kind, 3));
    expect(handshake.selector).toEqual(selector('a', other, 3));
    expect(handshake.engineSession).toEqual(engineSession(2));
  });

  it('gives the first answer when both forms are unknown', async () => {
    ace.onStart = ({ number }) => Promise.reject(number === 1 ? UNKNOWN : fault('content', 'no'));
    await expect(start(selector('a'))).rejects.toBe(UNKNOWN);
  });

  it('gives the second when that is another fault', async () => {
    const refused = fault('engine', 'connect_refused');
    ace.onStart = ({ number }) => Promise.reject(number === 1 ? UNKNOWN : refused);
    await expect(start(selector('a'))).rejects.toBe(refused);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['another fault', () => start(selector('a'))],
    ['no leave to', () => start(selector('a'), false)],
    ['an address', () => start({ kind: 'url', value: 'http://example.org/', fileIndex: 0 })],
    ['a magnet', () => start({ kind: 'magnet', value: 'magnet:?x', fileIndex: 0 })],
  ])('does not ask again: %s', async (why, run) => {
    ace.onStart = () =>
      Promise.reject(why === 'another fault' ? fault('engine', 'bad_json') : UNKNOWN);
    await expect(run()).rejects.toMatchObject({ name: 'EngineFault' });
    expect(ace.count('start')).toBe(1);
  });
});
