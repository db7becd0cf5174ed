// Commands that ask or change the running server through its API.
import { readFile } from 'node:fs/promises';
import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { CommandFailure, EXIT } from './failure.mjs';
import { cellText, paint, renderFacts, renderTable } from './table.mjs';

const FOLLOW_EVERY_MS = 1000;
const FOLLOW_PAGE = 1000;

const STATE_STYLES = {
  healthy: 'green',
  ready: 'green',
  unhealthy: 'red',
  degraded: 'yellow',
  unavailable: 'red',
};

export const SERVER_COMMANDS = {
  login: {
    summary: 'print a link that signs a browser in once, within 10 minutes',
    async run({ server, show }) {
      const link = await server.call('POST', '/sign-in-links');
      show(link, () => `${link.url}\n`);
      process.stderr.write('Open it in a browser: it signs you in once, within 10 minutes.\n');
      const { host } = new URL(link.url);
      if (host !== new URL(server.address).host) return;
      process.stderr.write(
        `On another computer, replace ${host} with the name or address of this server, and its published port.\n`,
      );
    },
  },
  status: {
    summary: 'show the state of the fleet',
    async run({ server, show }) {
      const [fleet, streams] = [
        await server.get('/orchestrator/status'),
        await server.get('/streams', { status: 'started' }),
      ];
      show({ ...fleet, server: server.address }, (style) =>
        renderFacts(factsOf(fleet, streams, server.address, style), style),
      );
    },
  },
  engines: {
    summary: 'list engines',
    async run({ server, show }) {
      const engines = await server.get('/engines');
      show(engines, (style) =>
        renderTable(
          ['ID', 'STATE', 'STREAMS', 'ADDRESS', 'VERSION', 'VPN'],
          engines.map((one) => [
            ...[one.id, one.state, `${one.streams.length}/${one.max_streams}`],
            ...[`${one.host}:${one.port}`, one.version, one.vpn],
          ]),
          style,
        ),
      );
    },
  },
  'engines drain': engineCommand('give an engine no new streams, and move its streams away', {
    call: (server, path) => server.call('POST', `${path}/drain`),
    done: 'is being drained',
  }),
  'engines undrain': engineCommand('put a drained engine back', {
    call: (server, path) => server.call('DELETE', `${path}/drain`),
    done: 'takes streams again',
  }),
  'engines restart': engineCommand('restart an engine; its streams fail over', {
    call: (server, path) => server.call('POST', `${path}/restart`),
    done: 'has been restarted',
  }),
  'engines remove': engineCommand('remove an engine; its streams fail over', {
    call: (server, path) => server.call('DELETE', path),
    done: 'is being removed',
  }),
  'engines logs': {
    parameters: ['ID'],
    options: { lines: { type: 'string', value: 'N', help: 'how many lines, 100 by default' } },
    summary: 'print the newest log lines of an engine',
    async run({ server, args: [id], options, show }) {
      const lines = readCount(options.lines ?? '100', 'lines');
      const answer = await server.get(`/engines/${encodeURIComponent(id)}/logs`, { lines });
      show(answer, () => `${answer.logs.replace(/[^\P{Cc}\n\t]/gu, '').trimEnd()}\n`);
    },
  },
  streams: {
    options: { all: { type: 'boolean', help: 'also streams that have ended' } },
    summary: 'list streams',
    async run({ server, options, show }) {
      const streams = await server.get('/streams', { status: options.all ? undefined : 'started' });
      show(streams, (style) =>
        renderTable(
          ['ID', 'CHANNEL', 'STATE', 'VIEWERS', 'ENGINE', 'MBIT/S', 'SINCE'],
          streams.map((one) => [
            ...[one.id, one.channel, one.state, one.client_count, one.container_id],
            one.bitrate_bps === null ? null : (one.bitrate_bps / 1e6).toFixed(1),
            one.started_at,
          ]),
          style,
        ),
      );
    },
  },
  'streams stop': {
    parameters: ['ID'],
    summary: 'stop a stream; its viewers are disconnected',
    async run({ server, args: [id], show }) {
      const answer = await server.call('DELETE', `/streams/${encodeURIComponent(id)}`);
      show(answer, () => `The stream ${cellText(id)} is stopped.\n`);
    },
  },
  'streams move': {
    parameters: ['ID'],
    options: { engine: { type: 'string', value: 'ID', help: 'the engine to move it to' } },
    summary: 'move a stream to another engine without a break',
    async run({ server, args: [id], options, show }) {
      const path = `/streams/${encodeURIComponent(id)}/move?wait=true`;
      const answer = await server.call('POST', path, jsonBody({ engine_id: options.engine }));
      show(answer, () => `The stream reads from ${cellText(answer.to_engine_id)} now.\n`);
    },
  },
  channels: {
    summary: 'list channels',
    async run({ server, show }) {
      const answer = await server.get('/channels');
      show(answer, (style) =>
        renderTable(
          ['NUMBER', 'ID', 'NAME', 'GROUP', 'SOURCES', 'ORIGIN'],
          answer.channels.map((one) => [
            ...[one.number, one.id, one.name, one.group, one.sources.length],
            one.is_hidden ? `${one.origin}, hidden` : one.origin,
          ]),
          style,
        ),
      );
    },
  },
  'channels import': {
    parameters: ['FILE|URL'],
    options: {
      name: {
        type: 'string',
        value: 'NAME',
        help: 'of the import; the same name replaces its list',
      },
      'dry-run': { type: 'boolean', help: 'only say what would change' },
    },
    summary: 'import an M3U list of channels',
    async run({ server, args: [source], options, show }) {
      const isUrl = /^https?:\/\//.test(source);
      const query = new URLSearchParams({
        ...(options['dry-run'] ? { dry_run: '1' } : {}),
        ...(options.name !== undefined && !isUrl ? { name: options.name } : {}),
      });
      const body = isUrl
        ? jsonBody({ url: source, name: options.name })
        : { body: await readList(source), type: 'text/plain' };
      const answer = await server.call('POST', `/channels/import?${query}`, body);
      const { channels, added, changed, missing, skipped } = answer;
      const verb = answer.is_dry_run ? 'would be ' : '';
      show(
        answer,
        () =>
          `${channels} channels: ${added} ${verb}added, ${changed} ${verb}changed, ${missing} missing; ${skipped} entries skipped.\n`,
      );
    },
  },
  'channels export': {
    parameters: ['[FILE]'],
    summary: 'write the channels as an M3U list that can be imported again',
    async run({ server, args: [file], show, print }) {
      const answer = await server.get('/channels');
      if (file === undefined) return show(answer, () => renderList(answer.channels));
      writeList(file, renderList(answer.channels));
      print(`${answer.channels.length} channels are in ${file}.`);
    },
  },
  scale: {
    parameters: ['N'],
    summary: 'set the minimum number of engines',
    async run({ server, args: [n], show }) {
      const answer = await server.call('POST', `/scale/${readCount(n, 'N')}`);
      show(answer, () => `The fleet keeps at least ${answer.scaled_to} engines.\n`);
    },
  },
  logs: {
    options: {
      lines: { type: 'string', value: 'N', help: 'how many events, 50 by default' },
      follow: { type: 'boolean', short: 'f', help: 'go on with events as they occur' },
      type: { type: 'string', value: 'TYPE', help: 'only events of this type; see docs/events.md' },
    },
    summary: 'print the newest events',
    async run({ server, options, show, isJson }) {
      const limit = readCount(options.lines ?? '50', 'lines');
      let events = await server.get('/events', { limit, type: options.type });
      if (!options.follow) return show(events, (style) => renderEvents(events, style));
      let since = 0;
      for (;;) {
        for (const event of events) {
          // One object per line: a list that never ends could not be read.
          if (isJson) process.stdout.write(`${JSON.stringify(event)}\n`);
          else show(event, (style) => renderEvents([event], style));
          since = Math.max(since, event.id);
        }
        if (events.length < FOLLOW_PAGE) await wait(FOLLOW_EVERY_MS);
        events = await server.get('/events', { since, limit: FOLLOW_PAGE, type: options.type });
      }
    },
  },
};

/** A command that changes one engine. */
function engineCommand(summary, { call, done }) {
  return {
    parameters: ['ID'],
    summary,
    async run({ server, args: [id], show }) {
      const answer = await call(server, `/engines/${encodeURIComponent(id)}`);
      show(answer, () => `The engine ${cellText(id)} ${done}.\n`);
    },
  };
}

function factsOf(fleet, streams, address, style) {
  const { engines, capacity, vpn } = fleet;
  const viewers = streams.reduce((sum, one) => sum + one.client_count, 0);
  const state = cellText(fleet.status);
  return [
    ['server', address],
    ['state', state],
    ['engines', `${engines.healthy} of ${engines.total} healthy, ${fleet.wanted} wanted`],
    ['streams', `${fleet.streams.active} active, ${fleet.streams.waiting} waiting`],
    ['viewers', viewers],
    ['slots', `${capacity.used} of ${capacity.total} used`],
    ['driver', `${fleet.driver.kind} (${fleet.driver.why})`],
    ...(vpn.enabled ? [['vpn', vpn.connected ? 'connected' : 'not connected']] : []),
    ...fleet.why.map((why) => ['why', why]),
  ].map(([name, value]) =>
    name === 'state' ? [name, paint(state, STATE_STYLES[state] ?? null, style)] : [name, value],
  );
}

function renderEvents(events, style) {
  return events
    .map((event) => {
      const subjects = [
        ...['stream_id', 'engine_id', 'client_id', 'reason']
          .filter((name) => event[name] !== null && event[name] !== undefined)
          .map((name) => `${name.replace('_id', '')}=${cellText(event[name])}`),
        ...(event.message === undefined ? [] : [cellText(event.message)]),
      ];
      const line = `${event.time} ${paint(event.type, 'bold', style)} ${subjects.join(' ')}`;
      return `${line.trimEnd()}\n`;
    })
    .join('');
}

function jsonBody(value) {
  return { body: JSON.stringify(value), type: 'application/json' };
}

function readCount(text, name) {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new CommandFailure(`${name} must be a whole number, not "${text}"`, EXIT.usage);
}

async function readList(file) {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CommandFailure(`${file} cannot be read (${error.code})`);
  }
}

function writeList(file, text) {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    const isThere = error.code === 'EEXIST';
    throw new CommandFailure(
      isThere ? `${file} exists already` : `${file} cannot be written (${error.code})`,
    );
  }
}

/** One entry for each source; an import joins entries with the same name or tvg-id to one channel. */
function renderList(channels) {
  const entries = channels.flatMap((channel) =>
    channel.sources.map(({ kind, id }) => {
      const attributes = Object.entries({
        'tvg-id': channel.tvg_id,
        'tvg-chno': channel.number,
        'tvg-logo': channel.logo,
        'group-title': channel.group,
      })
        .filter(([, value]) => value !== null)
        .map(([name, value]) => ` ${name}="${cellText(value).replaceAll('"', "'")}"`);
      const address = kind === 'infohash' ? `acestream:?infohash=${id}` : `acestream://${id}`;
      return `#EXTINF:-1${attributes.join('')},${cellText(channel.name)}\n${address}\n`;
    }),
  );
  return `#EXTM3U\n${entries.join('')}`;
}
