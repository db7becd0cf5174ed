// Reads command lines, and renders the help. The commands themselves are in the other files of this folder.
import { parseArgs } from 'node:util';
import { CommandFailure, EXIT } from './failure.mjs';

const HELP = { help: { type: 'boolean', short: 'h', help: 'print this' } };
const FORMAT = { json: { type: 'boolean', help: 'print JSON' } };
const CONNECTION = {
  url: { type: 'string', value: 'URL', help: 'address of the server; or ACEFLEET_URL' },
  key: { type: 'string', value: 'KEY', help: 'API key; or API_KEY, which other users cannot see' },
};

/** A wrong name is close to the right one if at most this share of its letters differ. */
const MAX_DIFFERENCE = 0.4;

/**
 * Reads the words after `acefleet`.
 * @param {string[]} words
 * @param {Record<string, object>} commands by name, which may have two words
 * @returns {{ name: string, args: string[], options: Record<string, unknown> }}
 * @throws CommandFailure with exit code 2
 */
export function readCommandLine(words, commands) {
  const name = findCommand(words, commands);
  const command = commands[name];
  const rest = words.slice(name.split(' ').length);
  const { values, positionals } = parse(rest, optionsOf(command), name);
  const parameters = command.parameters ?? [];
  const required = parameters.filter((one) => !one.startsWith('['));
  const isComplete =
    positionals.length >= required.length && positionals.length <= parameters.length;
  if (!isComplete && values.help !== true) {
    const subcommands = subcommandsOf(name, commands);
    const unknown = positionals[0];
    if (parameters.length === 0 && subcommands.length > 0) {
      throw new CommandFailure(
        `unknown command "${name} ${unknown}"${suggest(`${name} ${unknown}`, subcommands)}`,
        EXIT.usage,
      );
    }
    throw new CommandFailure(`usage: acefleet ${usageOf(name, command)}`, EXIT.usage);
  }
  return { name, args: positionals, options: values };
}

function findCommand(words, commands) {
  const [first = '', second = ''] = words;
  const name = [`${first} ${second}`, first].find((one) => Object.hasOwn(commands, one));
  if (name !== undefined) return name;
  throw new CommandFailure(
    `unknown command "${first}"${suggest(first, Object.keys(commands))}`,
    EXIT.usage,
  );
}

function parse(args, declared, name) {
  const options = Object.fromEntries(
    Object.entries(declared).map(([option, { type, short }]) => [
      option,
      short === undefined ? { type } : { type, short },
    ]),
  );
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    const [reason] = error.message.split(/\. /);
    throw new CommandFailure(`${reason}; see acefleet ${name} --help`, EXIT.usage);
  }
}

function optionsOf(command) {
  return {
    ...command.options,
    ...(command.hasJson ? FORMAT : {}),
    ...(command.connects ? CONNECTION : {}),
    ...HELP,
  };
}

function suggest(word, names) {
  const [closest] = names
    .map((name) => ({ name, distance: distanceOf(word.toLowerCase(), name) }))
    .filter(({ name, distance }) => distance <= MAX_DIFFERENCE * name.length)
    .sort((a, b) => a.distance - b.distance);
  return closest === undefined ? '; see acefleet --help' : `; do you mean "${closest.name}"?`;
}

/** How many letters have to be changed, added or removed. */
function distanceOf(from, to) {
  let row = Array.from({ length: to.length + 1 }, (_, n) => n);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let n = 1; n <= to.length; n += 1) {
      const replaced = row[n - 1] + (letter === to[n - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[n] + 1, next[n - 1] + 1));
    }
    row = next;
  }
  return row[to.length];
}

function usageOf(name, { parameters = [], ...command }) {
  return [
    name,
    ...parameters,
    ...(Object.keys(optionsOf(command)).length > 1 ? ['[options]'] : []),
  ].join(' ');
}

function subcommandsOf(name, commands) {
  return Object.keys(commands).filter((one) => one.startsWith(`${name} `));
}

export function renderHelp(name, commands) {
  const command = commands[name];
  const subcommands = subcommandsOf(name, commands);
  return [
    `Usage: acefleet ${usageOf(name, command)}\n\n${capitalise(command.summary)}.\n`,
    ...(subcommands.length > 0 ? [`\n${renderCommands(subcommands, commands)}`] : []),
    `\n${renderOptions(optionsOf(command))}`,
  ].join('');
}

export function renderOverview(commands) {
  return `Usage: acefleet <command> [options]

${renderCommands(Object.keys(commands), commands)}
  --version  print the version
  --help     print this; acefleet COMMAND --help explains a command

Settings are environment variables or a file .env here; see docs/configuration.md.
Exit codes: 0 done, 1 failed, 2 invalid command line, 3 no server answers, 4 the key is refused, 78 invalid settings.
`;
}

function renderCommands(names, commands) {
  const rows = names.map((name) => {
    const words = [name, ...(commands[name].parameters ?? [])].join(' ');
    return [words, commands[name].summary];
  });
  const width = Math.max(...rows.map(([words]) => words.length));
  return rows.map(([words, summary]) => `  ${words.padEnd(width)}  ${summary}\n`).join('');
}

function renderOptions(options) {
  const rows = Object.entries(options).map(([name, { short, value, help }]) => {
    const shortForm = short === undefined ? '' : `-${short}, `;
    return [`${shortForm}--${name}${value === undefined ? '' : ` ${value}`}`, help];
  });
  const width = Math.max(...rows.map(([words]) => words.length));
  return rows.map(([words, help]) => `  ${words.padEnd(width)}  ${help}\n`).join('');
}

function capitalise(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
