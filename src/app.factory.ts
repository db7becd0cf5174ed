import { NestFactory } from '@nestjs/core';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { serveDocs } from './app.docs-page';
import { AppModule } from './app.module';
import { descriptorLimit } from './config';
import { type ConnectionLimit, Edge } from './http';
import { type LogOutput, ProgramLogger } from './logging';
import { MetricsRegistry } from './metrics';
import type { Settings } from './settings';
import type { DataFolder } from './storage';

/** Creates the whole application, ready to listen. It does not run or listen yet. */
export async function createApp(
  settings: Settings,
  output: LogOutput,
  folder: DataFolder,
): Promise<NestFastifyApplication> {
  const config = settings.live.values;
  const edge = new Edge(config, { descriptorLimit: descriptorLimit() });
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(settings, output, folder),
    edge.adapter,
    // The edge has its own body parser. The caller reports a failed start in one line; until the logger exists the
    // framework would print the error's stack.
    { bodyParser: false, logger: false, abortOnError: false },
  );
  app.useLogger(app.get(ProgramLogger));
  await edge.configure(app);
  const metrics = app.get(MetricsRegistry);
  measureConnections(metrics, edge.connections);
  const problems = metrics.counter(
    'http_problems_total',
    'Requests answered with an error, by code.',
    ['code'],
  );
  edge.onProblem((code) => problems.inc({ code }));
  serveDocs(app, config);
  return app;
}

/** Registers these metrics here, because the connection limit is created before the modules. */
function measureConnections(metrics: MetricsRegistry, connections: ConnectionLimit): void {
  metrics.gauge('http_connections_open', 'Open connections of clients.', () => connections.size);
  metrics.gauge(
    'http_connections_limit',
    'Maximum number of connections.',
    () => connections.limit,
  );
  metrics.sampledCounter(
    'http_connections_closed_idle_total',
    'Connections without a request in progress that were closed because the limit was reached.',
    () => connections.counts.closed,
  );
  metrics.sampledCounter(
    'http_connections_refused_total',
    'Requests for streams that were answered with 503 because the limit was reached.',
    () => connections.counts.refused,
  );
  metrics.sampledCounter(
    'http_connections_dropped_total',
    'Connections that were closed with a request in progress because the limit was reached.',
    () => connections.counts.dropped,
  );
}
