import { Command, Option } from 'commander';
import { version } from '../version.ts';
import { defineAgent } from './commands/agent.ts';
import { defineAlerts } from './commands/alerts.ts';
import { defineConfig } from './commands/config.ts';
import { defineControl } from './commands/control.ts';
import { defineCredential } from './commands/credential.ts';
import { defineCredentials } from './commands/credentials.ts';
import { defineDoctor } from './commands/doctor.ts';
import { defineEvaluate } from './commands/evaluate.ts';
import { defineInit } from './commands/init.ts';
import { defineKafka } from './commands/kafka.ts';
import { defineLabel } from './commands/label.ts';
import { defineModels } from './commands/models.ts';
import { definePolicy } from './commands/policy.ts';
import { definePrivacy } from './commands/privacy.ts';
import { defineQuery } from './commands/query.ts';
import { defineReplay } from './commands/replay.ts';
import { defineReport } from './commands/report.ts';
import { defineRetrain } from './commands/retrain.ts';
import { defineRun } from './commands/run.ts';
import { defineScope } from './commands/scope.ts';
import { defineServe } from './commands/serve.ts';
import { defineToken } from './commands/token.ts';
import { defineTrace } from './commands/trace.ts';
import { defineTrain } from './commands/train.ts';
import { defineUp } from './commands/up.ts';
import { defineVault } from './commands/vault.ts';
import { defineVersion } from './commands/version.ts';

const footer = `
Exit status:
  0    done
  1    failed
  2    a wrong option or configuration
  3    a server that is needed cannot be reached
  130  interrupted

Without a configuration file everything runs embedded: mock Kafka brokers in the process, a real OpenBao and a real
ClickHouse as child processes on loopback. Commands given beside a running "ebbtide up" find its servers by themselves.`;

/** The command line, as commander commands; actions are imported when they run. */
export const createProgram = (): Command => {
  const program = new Command('ebbtide')
    .description("A credential's life ebbs and flows with the behaviour of whoever holds it.")
    .addOption(
      new Option('-c, --config <file>', 'configuration; else ebbtide.yaml here, else embedded defaults').env(
        'EBBTIDE_CONFIG',
      ),
    )
    .option('--json', 'print results as JSON, for programs')
    .version(version(), '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', footer)
    .showHelpAfterError('(add --help for what is possible)')
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true, helpWidth: helpWidth() });
  for (const define of [
    defineUp,
    defineRun,
    defineServe,
    defineAgent,
    defineTrain,
    defineModels,
    defineEvaluate,
    defineRetrain,
    defineQuery,
    defineTrace,
    defineReplay,
    defineReport,
    defineCredentials,
    defineCredential,
    defineLabel,
    defineControl,
    defineAlerts,
    defineToken,
    definePolicy,
    defineScope,
    definePrivacy,
    defineInit,
    defineConfig,
    defineVault,
    defineKafka,
    defineDoctor,
    defineVersion,
  ])
    program.addCommand(inheriting(define(), program));
  return program;
};

const inheriting = (command: Command, parent: Command): Command => {
  command.copyInheritedSettings(parent).helpOption('-h, --help', 'print this help');
  for (const child of command.commands) inheriting(child, command);
  return command;
};

const helpWidth = (): number => Math.min(process.stdout.columns ?? 100, 100);
