import type { Command } from 'commander';
import { createProgram } from './program.ts';

const section = (command: Command, path: string, depth: number): string[] => {
  let help = '';
  command.configureOutput({
    writeOut: (text) => (help += text),
    getOutHelpWidth: () => 100,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return [
    `${'#'.repeat(depth)} \`${path}\``,
    '',
    '```text',
    help.trimEnd(),
    '```',
    '',
    ...command.commands.flatMap((child) => section(child, `${path} ${child.name()}`, Math.min(depth + 1, 4))),
  ];
};

/** The command line's reference, as Markdown: the help of every command. */
export const commandPage = (): string =>
  [
    '# Command line',
    '',
    'The help of every command, as `--help` prints it. In a clone, `node infra/cli/ebbtide.mjs` is the command (after',
    '`npm link`, or in an installed package: `ebbtide`). This page is generated (`npx tsx infra/config/generate.ts`).',
    '',
    ...section(createProgram(), 'ebbtide', 2),
  ].join('\n');
