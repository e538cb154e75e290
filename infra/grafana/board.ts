import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type AnnotationQuery,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  type Panel,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { siblings, tag, toConsole } from './links.ts';
import { consoleAddress, datasource } from './variables.ts';

/** A dashboard, before what all of ours share is added. */
export interface Board {
  /** Part of its address and the name of its file: `ebbtide-<name>`. */
  readonly name: string;
  readonly title: string;
  readonly about: string;
  /** How far back it looks at first, e.g. `24h`. */
  readonly range: string;
  readonly variables?: readonly Builder<VariableModel>[];
  readonly annotations?: readonly Builder<AnnotationQuery>[];
  /** In reading order; they fill rows of 24 columns. */
  readonly panels: readonly (Builder<Panel> & { id(id: number): unknown })[];
  /** Kind of data source. @default ClickHouse */
  readonly source?: string;
}

/** The dashboard as Grafana takes it. */
export const build = (board: Board): Dashboard => {
  const builder = new DashboardBuilder(board.title)
    .uid(`ebbtide-${board.name}`)
    .description(board.about)
    .tags([tag])
    .readonly()
    .timezone('browser')
    .time({ from: `now-${board.range}`, to: 'now' })
    .refresh('1m')
    .tooltip(DashboardCursorSync.Crosshair)
    .link(siblings())
    .link(toConsole())
    .variables([datasource(board.source), consoleAddress(), ...(board.variables ?? [])]);
  for (const annotation of board.annotations ?? []) builder.annotation(annotation);
  for (const [index, panel] of board.panels.entries()) {
    panel.id(index + 1);
    builder.withPanel(panel);
  }
  return builder.build();
};
