// `acefleet play`: the address of a stream, and a player that opens it.
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CommandFailure, EXIT } from './failure.mjs';
import { cellText } from './table.mjs';

const PLAYERS = {
  mpv: (address) => [address],
  vlc: (address) => [address],
  ffplay: (address) => ['-hide_banner', '-loglevel', 'error', address],
};

const CONTENT = /^(?:acestream:\/\/)?([0-9a-f]{40})$/i;

export const PLAY_COMMANDS = {
  play: {
    parameters: ['CONTENT|CHANNEL'],
    options: {
      print: { type: 'boolean', help: 'only print the address' },
      player: {
        type: 'string',
        value: 'NAME',
        help: 'mpv, vlc or ffplay; the first one found by default',
      },
      token: { type: 'string', value: 'TOKEN', help: 'of a user, if streams need one' },
      hls: { type: 'boolean', help: 'as HLS instead of MPEG-TS' },
    },
    summary: 'print the address of a stream and open it in a player',
    async run({ server, args: [what], options, print }) {
      const player = options.print ? null : findPlayer(options.player);
      const query = await selectContent(server, what);
      const token = options.token === undefined ? '' : `/t/${encodeURIComponent(options.token)}`;
      const path = options.hls ? '/ace/manifest.m3u8' : '/ace/getstream';
      const address = `${server.address}${token}${path}?${new URLSearchParams(query)}`;
      print(address);
      if (player !== null) await openPlayer(player, address);
    },
  },
};

/** A content by its id, a channel by its id, its number or its name. */
async function selectContent(server, what) {
  const content = CONTENT.exec(what)?.[1];
  if (content !== undefined) return { id: content.toLowerCase() };
  const { channels } = await server.get('/channels');
  const found =
    channels.find(({ id }) => id === what) ??
    channels.find(({ number }) => String(number) === what) ??
    channels.find(({ name }) => name.toLowerCase() === what.toLowerCase());
  if (found !== undefined) return { channel: found.id };
  throw new CommandFailure(
    `there is no channel "${cellText(what)}", and it is no content id of 40 hex digits`,
  );
}

/** Before anything is asked, so that the answer does not depend on the server. */
function findPlayer(name) {
  if (name !== undefined && !Object.hasOwn(PLAYERS, name)) {
    throw new CommandFailure(`the player is one of ${Object.keys(PLAYERS).join(', ')}`, EXIT.usage);
  }
  const names = name === undefined ? Object.keys(PLAYERS) : [name];
  const found = names.find(isInstalled);
  if (found !== undefined) return found;
  throw new CommandFailure(`${names.join(', ')} not found: install one, or use --print`);
}

function isInstalled(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

async function openPlayer(name, address) {
  const child = spawn(name, PLAYERS[name](address), { stdio: 'inherit' });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).catch((error) => {
    throw new CommandFailure(`${name} cannot be started (${error.code})`);
  });
  if (code !== 0) throw new CommandFailure(`${name} ended with exit code ${code}`);
}
