// The command `acefleet`. scripts/cli has its commands; docs/cli.md describes them.
import { readCommandLine, renderHelp, renderOverview } from './cli/command-line.mjs';
import { DOCTOR_COMMANDS } from './cli/doctor.mjs';
import { CommandFailure, EXIT } from './cli/failure.mjs';
import { INSTALLATION_COMMANDS, productVersion } from './cli/installation-commands.mjs';
import { PLAY_COMMANDS } from './cli/play.mjs';
import { SERVER_COMMANDS } from './cli/server-commands.mjs';
import { connectServer } from './cli/server.mjs';
import { outputStyle } from './cli/table.mjs';
import { runScript } from './lib/launch.mjs';

/** `connects`: the command calls the server and has the options for that; `hasJson`: it can print JSON. */
const COMMANDS = {
  ...INSTALLATION_COMMANDS,
  ...withTraits(SERVER_COMMANDS, { connects: true, hasJson: true }),
  ...withTraits(PLAY_COMMANDS, { connects: true }),
  ...withTraits(DOCTOR_COMMANDS, { hasJson: true }),
};

const words = process.argv.slice(2);
let running = words[0];
// The reader of a pipe may end first, as in `acefleet logs | head`.
process.stdout.on('error', () => process.exit(0));
await runScript(async () => {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    // Problems of the settings are complete lines already.
    const prefix = error.exitCode === EXIT.config ? '' : `acefleet ${running}: `;
    process.stderr.write(`${prefix}${error.message}\n`);
    process.exitCode = error.exitCode;
  }
});

async function run() {
  const [first] = words;
  if (first === '--version' || first === '-v') return print(productVersion());
  if (first === '--help' || first === '-h') return process.stdout.write(renderOverview(COMMANDS));
  if (first === undefined) {
    process.stderr.write(renderOverview(COMMANDS));
    process.exitCode = EXIT.usage;
    return;
  }
  const { name, args, options } = readCommandLine(words, COMMANDS);
  running = name;
  if (options.help) return process.stdout.write(renderHelp(name, COMMANDS));
  const command = COMMANDS[name];
  const server = command.connects ? await connectServer(options) : undefined;
  await command.run({ server, args, options, isJson: options.json === true, print, show });

  /** Prints JSON if it was asked for, else the text. */
  function show(value, render) {
    process.stdout.write(
      options.json ? `${JSON.stringify(value, null, 2)}\n` : render(outputStyle()),
    );
  }
}

function withTraits(commands, traits) {
  return Object.fromEntries(
    Object.entries(commands).map(([name, command]) => [name, { ...command, ...traits }]),
  );
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
