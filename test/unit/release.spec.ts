import { listFiles, readText } from './repository';
import { call } from './script-module';

const ADDRESS = 'https://code.example.org/tv/acefleet';

describe('release notes', () => {
  const CHANGELOG = `# Changelog

## [Unreleased]

## [1.1.0] - 2026-03-04

### Fixed

- A [page](docs/streams.md#past), a [site](https://example.org) and [this](#below).

## [1.0.0] - 2026-01-02

## [0.9.0]

- Something

[unreleased]: ../../compare/v1.1.0...HEAD
[1.1.0]: ../../compare/v1.0.0...v1.1.0
`;

  const notesOf = (tag: string, version: string): Promise<unknown> =>
    call('release-notes.mjs', 'releaseNotes', {
      tag,
      version,
      changelog: CHANGELOG,
      address: ADDRESS,
    });

  it('are the changes of the version, with links that lead to its files', async () => {
    expect(await notesOf('v1.1.0', '1.1.0')).toEqual({
      notes: `### Fixed

- A [page](${ADDRESS}/blob/v1.1.0/docs/streams.md#past), a [site](https://example.org) and [this](#below).`,
      problem: null,
    });
  });

  it.each([
    ['a tag of another version', 'v1.1.0', '1.2.0', /tag v1\.1\.0 is not v1\.2\.0/],
    ['a tag without v', '1.1.0', '1.1.0', /tag 1\.1\.0 is not v1\.1\.0/],
    ['a version that is not in the changelog', 'v1.2.0', '1.2.0', /no section \[1\.2\.0\]/],
    ['a version without a date', 'v0.9.0', '0.9.0', /"## \[0\.9\.0\]" .* has no date/],
    ['a version without changes', 'v1.0.0', '1.0.0', /section \[1\.0\.0\] .* is empty/],
  ])('are refused for %s', async (_, tag, version, problem) => {
    expect(await notesOf(tag, version)).toEqual({
      notes: '',
      problem: expect.stringMatching(problem),
    });
  });
});

describe('CHANGELOG.md', () => {
  const TEXT = readText('CHANGELOG.md');
  const TYPES = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
  const [, ...sections] = TEXT.split(/^## /m);
  const versions = sections.map((section) => /^\[(.+?)\]/.exec(section)?.[1] ?? section);

  it('begins with the changes that are not released, and dates all others', () => {
    expect(versions[0]).toBe('Unreleased');
    const dated = /^\[\d+\.\d+\.\d+(?:-[\w.]+)?\] - \d{4}-\d{2}-\d{2}\n/;
    expect(sections.slice(1).filter((section) => !dated.test(section))).toEqual([]);
  });

  it('has the headings of Keep a Changelog, each once and in their order', () => {
    for (const section of sections) {
      const headings = [...section.matchAll(/^### (.*)$/gm)].map(([, name = '']) => name);
      expect(headings).toEqual(TYPES.filter((type) => headings.includes(type)));
    }
  });

  it('links each version', () => {
    const links = [...TEXT.matchAll(/^\[([^\]]+)\]: \S+$/gm)].map(([, name = '']) => name);
    expect(links).toEqual(versions);
  });
});

describe('workflows', () => {
  const WORKFLOWS = listFiles('.github/workflows', '.yml').map((path) => ({
    path,
    text: readText(path),
  }));

  it('use actions of others at a commit, whose version is beside it', () => {
    const uses = WORKFLOWS.flatMap(({ text }) => text.match(/(?<=uses: ).*$/gm) ?? []);
    expect(uses).toContain('./.github/workflows/test.yml');
    const pinned = /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;
    expect(uses.filter((use) => !use.startsWith('./') && !pinned.test(use))).toEqual([]);
  });

  it('bound the time of each job', () => {
    for (const { path, text } of WORKFLOWS) {
      const jobs = (text.split(/^jobs:\n/m)[1] ?? '').split(/^ {2}(?=[\w-]+:$)/m).slice(1);
      expect(jobs.length).toBeGreaterThan(0);
      // A called workflow has limits of its own.
      const unbounded = jobs.filter((job) => !/^ {4}(?:timeout-minutes|uses): /m.test(job));
      expect({ path, unbounded }).toEqual({ path, unbounded: [] });
    }
  });

  it('write only where a release needs it', () => {
    const writes = WORKFLOWS.flatMap(({ text }) => text.match(/^.*: write$/gm) ?? []);
    expect(writes.map((line) => line.trim())).toEqual(['packages: write', 'contents: write']);
    for (const { text } of WORKFLOWS)
      expect(text).toMatch(/^permissions:(?: \{\}|\n {2}contents: read)$/m);
  });
});
