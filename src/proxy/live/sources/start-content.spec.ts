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
  ])('asks for an unknown %s once more as %s with the same file index', async (kind, other) => {
    ace.onStart = ({ number, selector: { kind: asked } }) =>
      asked === other ? engineSession(number) : Promise.reject(UNKNOWN);
    const handshake = await start(selector('a', kind, 3));
    expect(handshake.selector).toEqual(selector('a', other, 3));
    expect(handshake.engineSession).toEqual(engineSession(2));
  });

  it('fails with the first answer when the engine knows neither kind of id', async () => {
    ace.onStart = ({ number }) => Promise.reject(number === 1 ? UNKNOWN : fault('content', 'no'));
    await expect(start(selector('a'))).rejects.toBe(UNKNOWN);
  });

  it('fails with the second answer when that is another fault', async () => {
    const refused = fault('engine', 'connect_refused');
    ace.onStart = ({ number }) => Promise.reject(number === 1 ? UNKNOWN : refused);
    await expect(start(selector('a'))).rejects.toBe(refused);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['the engine fails', () => start(selector('a'))],
    ['the caller forbids it', () => start(selector('a'), false)],
    [
      'the content is a URL',
      () => start({ kind: 'url', value: 'http://example.org/', fileIndex: 0 }),
    ],
    [
      'the content is a magnet link',
      () => start({ kind: 'magnet', value: 'magnet:?x', fileIndex: 0 }),
    ],
  ])('does not ask again when %s', async (why, run) => {
    ace.onStart = () =>
      Promise.reject(why === 'the engine fails' ? fault('engine', 'bad_json') : UNKNOWN);
    await expect(run()).rejects.toMatchObject({ name: 'EngineFault' });
    expect(ace.count('start')).toBe(1);
  });
});
